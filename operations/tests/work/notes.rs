//! Notes: whose name they carry, and who reads them.

use surv_operations::notes::{self, NewNote, NoteError, NoteVisibility};
use surv_tenancy::{Actor, JobId};

use crate::support::{Company, confined_to_job, hours, now};

async fn write(
    company: &Company,
    author: &Actor,
    job_id: JobId,
    visibility: NoteVisibility,
) -> Result<String, NoteError> {
    let mut tx = company.begin(author).await;
    let new = NewNote { job_id, visit_id: None, body: "as agreed".to_owned(), visibility };
    let note = notes::add(&mut tx, &company.ids, now(), new).await?;
    tx.commit().await.unwrap();
    Ok(note.author_name)
}

async fn read(company: &Company, reader: &Actor, job_id: JobId) -> usize {
    let mut tx = company.begin(reader).await;
    notes::list(&mut tx, job_id, None, 50).await.unwrap().items.len()
}

#[tokio::test]
async fn everybody_writes_in_their_own_name_for_those_they_may_write_for() {
    let company = Company::new().await;
    let (technician, customer) = (company.technician().await, company.customer_user(company.customer_id).await);
    let (job, visits) = company.book(&[hours(1, 8, 10)]).await;
    company.assign(visits[0].visit_id, &technician).await.unwrap();
    let job_id = job.job_id;

    for visibility in [NoteVisibility::Office, NoteVisibility::Field, NoteVisibility::Customer] {
        assert_eq!(write(&company, &company.manager, job_id, visibility).await.unwrap(), "Mo Manager");
    }
    assert_eq!(write(&company, &technician, job_id, NoteVisibility::Field).await.unwrap(), "Tess Technician");
    assert_eq!(write(&company, &customer, job_id, NoteVisibility::Customer).await.unwrap(), "Cy Person");
    for (author, visibility) in
        [(&technician, NoteVisibility::Office), (&customer, NoteVisibility::Office), (&customer, NoteVisibility::Field)]
    {
        let refused = write(&company, author, job_id, visibility).await;
        assert!(matches!(refused, Err(NoteError::Invalid(_))), "{refused:?}");
    }

    assert_eq!(read(&company, &company.manager, job_id).await, 5);
    assert_eq!(read(&company, &technician, job_id).await, 4);
    assert_eq!(read(&company, &customer, job_id).await, 2);
    assert_eq!(company.events("note.added").await, 5);
}

#[tokio::test]
async fn nobody_writes_about_a_job_that_they_do_not_see() {
    let company = Company::new().await;
    let neighbour = company.customer().await;
    let (technician, customer) = (company.technician().await, company.customer_user(neighbour).await);
    let (job, _) = company.book(&[hours(1, 8, 10)]).await;

    for author in [&technician, &customer] {
        let refused = write(&company, author, job.job_id, NoteVisibility::Customer).await;
        assert!(matches!(refused, Err(NoteError::NotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_note_written_with_a_token_for_the_job_has_an_author_too() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (job, visits) = company.book(&[hours(1, 8, 10)]).await;
    company.assign(visits[0].visit_id, &technician).await.unwrap();

    let by_technician = confined_to_job(&technician, job.job_id.0);
    let by_office = confined_to_job(&company.manager, job.job_id.0);

    assert_eq!(write(&company, &by_technician, job.job_id, NoteVisibility::Field).await.unwrap(), "Tess Technician");
    assert_eq!(write(&company, &by_office, job.job_id, NoteVisibility::Field).await.unwrap(), "Office");
}
