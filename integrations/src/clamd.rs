//! ClamAV's daemon over TCP: one file a connection, by its INSTREAM command.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const CHUNK: usize = 64 * 1024;
const LIMIT: Duration = Duration::from_secs(60);
/// Answers are one short line.
const LONGEST_ANSWER: u64 = 1024;

/// What the scanner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Infected,
}

/// The scanner did not give a verdict; the file may be shown to it again.
#[derive(Debug, thiserror::Error)]
#[error("the virus scanner gave no verdict")]
pub struct NoVerdict(#[source] Option<std::io::Error>);

/// A clamd somewhere.
#[derive(Debug, Clone)]
pub struct Scanner {
    address: String,
}

impl Scanner {
    /// `address` is `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }

    /// Shows it a file.
    ///
    /// # Errors
    /// [`NoVerdict`] when it does not answer in time, or with anything but a verdict.
    #[tracing::instrument(name = "clamd.scan", skip_all, err(level = "debug"))]
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, NoVerdict> {
        let answer = self.ask(b"zINSTREAM\0", Some(bytes)).await?;
        if answer.ends_with(": OK") {
            return Ok(Verdict::Clean);
        }
        if answer.ends_with(" FOUND") { Ok(Verdict::Infected) } else { Err(NoVerdict(None)) }
    }

    /// Whether it is there.
    ///
    /// # Errors
    /// [`NoVerdict`].
    pub async fn ping(&self) -> Result<(), NoVerdict> {
        if self.ask(b"zPING\0", None).await? == "PONG" { Ok(()) } else { Err(NoVerdict(None)) }
    }

    async fn ask(&self, command: &[u8], bytes: Option<&[u8]>) -> Result<String, NoVerdict> {
        let talk = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            stream.write_all(command).await?;
            if let Some(bytes) = bytes {
                for chunk in bytes.chunks(CHUNK) {
                    stream.write_all(&u32::try_from(chunk.len()).unwrap_or_default().to_be_bytes()).await?;
                    stream.write_all(chunk).await?;
                }
                stream.write_all(&[0; 4]).await?;
            }
            let mut answer = Vec::new();
            stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer).trim_end_matches(['\0', '\n']).to_owned())
        };
        match tokio::time::timeout(LIMIT, talk).await {
            Ok(answer) => answer.map_err(|error| NoVerdict(Some(error))),
            Err(_) => Err(NoVerdict(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection as clamd would; the bytes that it was shown.
    async fn fake(answer: &'static str) -> (Scanner, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let scanner = Scanner::new(listener.local_addr().expect("its address").to_string());
        let seen = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.expect("the command");
            assert_eq!(&command, b"zINSTREAM\0");
            let mut seen = Vec::new();
            loop {
                let length = stream.read_u32().await.expect("a length");
                if length == 0 {
                    break;
                }
                let mut chunk = vec![0; length as usize];
                stream.read_exact(&mut chunk).await.expect("a chunk");
                seen.extend(chunk);
            }
            stream.write_all(answer.as_bytes()).await.expect("the answer goes out");
            seen
        });
        (scanner, seen)
    }

    #[tokio::test]
    async fn a_file_is_shown_whole_and_the_verdict_read() {
        let file: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for (answer, wanted) in
            [("stream: OK\0", Verdict::Clean), ("stream: Eicar-Test-Signature FOUND\0", Verdict::Infected)]
        {
            let (scanner, seen) = fake(answer).await;
            assert_eq!(scanner.scan(&file).await.expect("a verdict"), wanted);
            assert!(seen.await.expect("the fake ran") == file);
        }
    }

    #[tokio::test]
    async fn anything_else_is_no_verdict() {
        for answer in ["INSTREAM size limit exceeded. ERROR\0", "", "stream: OK or so"] {
            let (scanner, _seen) = fake(answer).await;
            assert!(scanner.scan(b"file").await.is_err(), "{answer:?}");
        }
        assert!(Scanner::new("127.0.0.1:1").scan(b"file").await.is_err());
    }
}
