//! Tells a customer's people by e-mail that a technician is on the way.

use surv_operations::assignments::NotifyOnTheWay;
use surv_tenancy::{
    CustomerId, JobId,
    mail::{self, Email, EmailTemplate},
};

use crate::{Done, Handle, TaskContext, TaskError, Workers};

impl Handle<NotifyOnTheWay> for Workers {
    #[tracing::instrument(name = "task.notify_on_the_way", skip_all, err(level = "debug"))]
    async fn handle(&self, task: NotifyOnTheWay, ctx: &TaskContext) -> Result<Done, TaskError> {
        let mut tx = ctx.begin().await?;
        let (ids, now) = (&self.deps().ids, self.deps().clock.now());
        // Whoever has arrived or was taken off meanwhile needs no announcement.
        let on_the_way = sqlx::query!(
            r#"
            SELECT a.technician_name, j.title, a.job_id AS "job_id: JobId", a.customer_id AS "customer_id: CustomerId",
                   (SELECT b.display_name FROM tenant_branding b) AS "company!"
              FROM assignments a
              JOIN jobs j ON j.tenant_id = a.tenant_id AND j.job_id = a.job_id
             WHERE a.visit_id = $1 AND a.technician_id = $2 AND a.state = 'on_the_way'
            "#,
            task.visit_id.0,
            task.technician_id.0,
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(visit) = on_the_way else { return ctx.finish(tx).await };
        let people = sqlx::query!(
            "SELECT email, name FROM customer_users WHERE customer_id = $1 AND state = 'active' ORDER BY email",
            visit.customer_id.0,
        )
        .fetch_all(tx.conn())
        .await?;
        for person in people {
            let email = Email::new(EmailTemplate::VisitOnTheWay, &person.email)
                .to_name(&person.name)
                .param("company", visit.company.as_str())
                .param("technician", visit.technician_name.as_str())
                .param("job", visit.title.as_str())
                .customer(visit.customer_id)
                .job(visit.job_id);
            mail::enqueue_email(&mut tx, ids, now, ctx.tenant_id(), ctx.actor().user_id(), email).await?;
        }
        ctx.finish(tx).await
    }
}
