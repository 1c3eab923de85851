//! Starting and stopping the simulators.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use poem::{Endpoint, EndpointExt, Route, Server, get, handler};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::cut::{CuttableListener, Scissors};
use crate::keys::KeyError;
use crate::sendgrid::{self, SendgridHandle, SendgridOptions};

/// How to run the simulators.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where to listen; only this machine's own addresses are taken. Port 0 finds a free one.
    pub listen: SocketAddr,
    /// Where mails and keys are kept over restarts; nothing is written without it.
    pub dir: Option<PathBuf>,
    pub sendgrid: SendgridOptions,
}

impl Default for SimulatorOptions {
    /// A free port, nothing written, no webhooks.
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 0).into(), dir: None, sendgrid: SendgridOptions::default() }
    }
}

/// Why the simulators did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0} is not an address of this machine alone; simulators listen on 127.0.0.1")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the mails kept in {} cannot be read", path.display())]
    Store { path: PathBuf, source: io::Error },
    #[error("the HTTP client for webhooks could not be set up")]
    Client(#[source] reqwest::Error),
}

/// All simulators behind one listener.
#[derive(Debug)]
pub struct Simulators;

impl Simulators {
    /// Starts them in this process; they answer when this returns.
    ///
    /// # Errors
    /// [`StartError`] says which option cannot be used.
    pub async fn start(options: SimulatorOptions) -> Result<Running, StartError> {
        if !options.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(options.listen));
        }
        let scissors = Scissors::default();
        let sendgrid = SendgridHandle::open(options.sendgrid, options.dir.as_deref(), scissors.clone())?;
        let failed = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let acceptor = CuttableListener::new(listener, scissors).map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            routes(sendgrid.clone()),
            // A dropped handle is a signal too.
            async { drop(stopped.await) },
            Some(Duration::from_millis(200)),
        );
        Ok(Running { address, sendgrid, stop: Some(stop), task: tokio::spawn(server) })
    }
}

fn routes(sendgrid: SendgridHandle) -> impl Endpoint {
    Route::new()
        .at("/", get(index))
        .at("/_health", get(health))
        .nest("/sendgrid", sendgrid::routes(sendgrid))
        .with(poem::middleware::CatchPanic::new())
}

#[handler]
fn index() -> poem::Response {
    poem::Response::builder().status(poem::http::StatusCode::SEE_OTHER).header("Location", "/sendgrid/").finish()
}

#[handler]
fn health() -> &'static str {
    "ok"
}

/// Simulators at work. They end when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    sendgrid: SendgridHandle,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Where they listen, without a path: `http://127.0.0.1:41234`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a client of SendGrid takes as its `base_url`.
    pub fn sendgrid_url(&self) -> String {
        format!("http://{}/sendgrid", self.address)
    }

    /// Looks into the SendGrid simulator and makes it misbehave.
    pub fn sendgrid(&self) -> &SendgridHandle {
        &self.sendgrid
    }

    /// Stops listening and waits until open requests have ended or been cut.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // Its only failures are those of accepting connections, and it is done with that.
        let _ = (&mut self.task).await;
    }

    /// Runs until listening fails, which it does not by itself.
    ///
    /// # Errors
    /// The listener's.
    pub async fn until_failure(&mut self) -> io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}
