//! The bench: Surv over HTTP beside pgbench with the same statements, in one run.
//!
//! `./dev bench` starts a stack for it. How to read what it prints: docs/performance.md.

pub mod capture;
pub mod crowd;
pub mod data;
pub mod drive;
pub mod figures;
pub mod growth;
pub mod http;
pub mod people;
pub mod personas;
pub mod pgbench;
pub mod record;
pub mod report;
pub mod requests;
pub mod same;
pub mod scale;
pub mod script;
pub mod server;
pub mod stack;
pub mod throughput;
pub mod usage;

use anyhow::Context as _;
use sqlx::{PgConnection, Row as _};

use crate::{
    data::{Size, several},
    figures::Figures,
    growth::Site,
    people::{Company, companies, log_in},
    requests::Asker,
    scale::Scale,
    server::Program,
    stack::Stack,
    throughput::with_database,
};

/// The database with few companies, beside the stack's own.
const FEW: &str = "surv_bench_few";

/// Measures everything.
///
/// # Errors
/// When something that is measured is refused: a bench of refusals measures nothing.
pub async fn run(stack: &Stack, scale: &Scale, progress: &dyn Fn(&str)) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    let (address, superuser_url) = (stack.api_address()?, &stack.database.superuser);
    let mut superuser = data::superuser(superuser_url).await?;
    let program = Program::beside_this(stack)?;
    let few_url = with_database(superuser_url, FEW);

    progress("rows");
    make_database(&mut superuser, FEW).await?;
    program.migrate(FEW, few_url.as_str()).await?;
    let size = Size { tenants: scale.tenants, large: scale.large, ordinary: scale.ordinary };
    data::load(superuser_url, size).await?;
    data::load(&few_url, Size { tenants: scale.few_tenants, large: scale.ordinary, ..size }).await?;
    let many = companies(&mut superuser).await?;
    let few = companies(&mut data::superuser(&few_url).await?).await?;

    progress("starts");
    let mut starts = Vec::new();
    for _ in 0..scale.starts {
        let (_server, took) = program.serve(database_of(stack), &neighbour(stack, 7)?).await?;
        starts.push(took.as_secs_f64() * 1e3);
    }
    figures.add("start to the first 200", starts);
    let (few_server, _) = program.serve(FEW, &neighbour(stack, 6)?).await?;

    progress("log-ins");
    let many = askers(&address, scale.crowd, many, Some(&mut figures)).await?;
    let few = askers(&few_server.address, scale.crowd, few, None).await?;
    let (large, ordinary) = many.split_first().context("there are companies")?;

    progress("throughput");
    let clients = &ordinary[..scale.clients.min(ordinary.len())];
    throughput::measure(stack, scale, clients, &mut superuser, &mut figures).await?;
    progress("personas");
    let companies: Vec<Company> = clients.iter().map(|asker| asker.company.clone()).collect();
    personas::measure(&address, scale, &companies, &mut figures).await?;
    progress("growth");
    growth::rows(stack.pids.postgres, scale, &address, (large, &ordinary[0]), &mut figures).await?;
    let sites = (Site { address: &address, askers: &many }, Site { address: &few_server.address, askers: &few });
    growth::tenants(stack.pids.postgres, scale, sites.0, sites.1, &mut figures).await?;
    progress("a crowd");
    crowd::measure(&address, stack.pids.api, scale, clients, &mut figures).await?;
    figures.sort();
    Ok(figures)
}

/// Logs a manager of each company in. The waits are a figure.
async fn askers(
    address: &str,
    crowd: usize,
    companies: Vec<Company>,
    figures: Option<&mut Figures>,
) -> anyhow::Result<Vec<Asker>> {
    let people: Vec<_> = companies.iter().map(|company| (company.slug.as_str(), "manager")).collect();
    let (tokens, mut load, busy) = log_in(address, crowd, &people).await?;
    if let Some(figures) = figures {
        figures.add("log-in: p95 in a crowd", vec![load.percentile(95).as_secs_f64() * 1e3]);
        figures.notes.push(format!(
            "{} people logged in, {crowd} at a time, {:.0} a second; {busy} answers were 503 with Retry-After.",
            load.requests,
            load.rate(),
        ));
    }
    Ok(companies.into_iter().zip(tokens).map(|(company, token)| Asker { company, token }).collect())
}

async fn make_database(superuser: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let found = sqlx::query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(name);
    if !found.fetch_one(&mut *superuser).await?.get::<bool, _>(0) {
        several(superuser, &format!("CREATE DATABASE {name}")).await?;
    }
    Ok(())
}

fn database_of(stack: &Stack) -> &str {
    stack.database.superuser.path().trim_start_matches('/')
}

/// An address of the stack's range of ports.
fn neighbour(stack: &Stack, offset: u16) -> anyhow::Result<String> {
    let port = stack.api.port().context("the API has a port")?;
    Ok(format!("127.0.0.1:{}", port + offset))
}
