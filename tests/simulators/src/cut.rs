//! Connections that can be cut from outside: a listener whose sockets break on command.
//!
//! A handler cannot close its own connection without an answer, so it asks here by the peer's address.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Cuts open connections by the address of their peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scissors(Arc<Mutex<HashMap<SocketAddr, Arc<Switch>>>>);

#[derive(Debug, Default)]
struct Switch {
    cut: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Scissors {
    /// Breaks the connection of `peer`: whatever is still to be read or written fails.
    pub(crate) fn cut(&self, peer: SocketAddr) {
        let switch = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&peer).cloned();
        if let Some(switch) = switch {
            switch.cut.store(true, Ordering::SeqCst);
            if let Some(waker) = switch.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
                waker.wake();
            }
        }
    }

    fn watch(&self, peer: SocketAddr) -> Arc<Switch> {
        let switch = Arc::new(Switch::default());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(peer, Arc::clone(&switch));
        switch
    }

    fn forget(&self, peer: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer);
    }
}

/// Accepts connections and hands each out with its switch.
pub(crate) struct CuttableListener {
    listener: TcpListener,
    address: SocketAddr,
    scissors: Scissors,
}

impl CuttableListener {
    pub(crate) fn new(listener: TcpListener, scissors: Scissors) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { listener, address, scissors })
    }
}

impl Acceptor for CuttableListener {
    type Io = CuttableStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![LocalAddr(self.address.into())]
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, peer) = self.listener.accept().await?;
        let io = CuttableStream { stream, peer, switch: self.scissors.watch(peer), scissors: self.scissors.clone() };
        Ok((io, LocalAddr(self.address.into()), RemoteAddr(peer.into()), Scheme::HTTP))
    }
}

/// A TCP connection that fails from the moment its switch is thrown.
pub(crate) struct CuttableStream {
    stream: TcpStream,
    peer: SocketAddr,
    switch: Arc<Switch>,
    scissors: Scissors,
}

impl CuttableStream {
    fn check(&self) -> io::Result<()> {
        if self.switch.cut.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Drop for CuttableStream {
    fn drop(&mut self) {
        self.scissors.forget(self.peer);
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        *self.switch.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
