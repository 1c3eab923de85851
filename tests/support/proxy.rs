//! A TCP connection with a slow way back: what was sent arrives, and the answer takes its time.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Forwards connections while its runtime lives.
#[derive(Debug)]
pub struct SlowProxy {
    pub port: u16,
}

impl SlowProxy {
    /// Answers of `upstream` arrive `delay` later.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn before(upstream: (String, u16), delay: Duration) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = upstream.clone();
                tokio::spawn(async move {
                    // Either side may hang up at any time: that is what this is for.
                    let _ = forward(client, upstream, delay).await;
                });
            }
        });
        Self { port }
    }
}

async fn forward(client: TcpStream, upstream: (String, u16), delay: Duration) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answers = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = from_server.read(&mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            tokio::time::sleep(delay).await;
            to_client.write_all(&buffer[..length]).await?;
        }
    };
    // The first that ends closes both ways.
    tokio::select! { ended = requests => ended, ended = answers => ended }
}
