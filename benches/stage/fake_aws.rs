//! As much of S3, KMS, SQS and SNS as the functions need, on loopback behind TLS.

use std::io::{self, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use s3guard_emulator::http::{self, Request};

use super::KEY;
use super::answers::{Answer, Asked};
use super::tls;
use super::world::{Call, World};

/// The fake, for as long as the program runs.
pub(crate) struct FakeAws {
    endpoint: String,
    certificates: PathBuf,
    world: Arc<Mutex<World>>,
}

impl FakeAws {
    /// Starts it, with an empty account.
    pub(crate) fn start() -> Result<Self, String> {
        Self::listen().map_err(|error| format!("the fake AWS did not start: {error}"))
    }

    fn listen() -> io::Result<Self> {
        let (tls, certificates) = tls::make()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let endpoint = format!("https://{}", listener.local_addr()?);
        let world = Arc::new(Mutex::new(World::new(Vec::new())));
        let served = Arc::clone(&world);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, world) = (Arc::clone(&tls), Arc::clone(&served));
                // A client that disconnects is one that was measured and killed.
                thread::spawn(move || drop(talk(stream, tls, &world)));
            }
        });
        Ok(Self { endpoint, certificates, world })
    }

    /// Its endpoint.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A file with all root certificates that a client may trust.
    pub(crate) fn certificates(&self) -> &Path {
        &self.certificates
    }

    /// Its state and the calls. It does not respond while this is locked.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn talk(stream: TcpStream, tls: Arc<ServerConfig>, world: &Mutex<World>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(request) = http::read(&mut reader)? {
        let text = answered(&request, world);
        reader.get_mut().write_all(text.as_bytes())?;
        reader.get_mut().flush()?;
    }
    Ok(())
}

fn answered(request: &Request, world: &Mutex<World>) -> String {
    let came = Instant::now();
    let asked = Asked::of(request);
    let delay = lock(world).delay;
    if !delay.is_zero() {
        thread::sleep(delay);
    }
    let mut world = lock(world);
    let Answer { status, body } = asked.answer(&mut world);
    world.calls.push(Call { what: asked.what(), came, answered: Instant::now() });
    let kind = if body.starts_with('{') { "application/x-amz-json-1.0" } else { "application/xml" };
    let length = body.len();
    let encryption = format!(
        "x-amz-server-side-encryption: aws:kms\r\nx-amz-server-side-encryption-aws-kms-key-id: {KEY}"
    );
    let head = format!(
        "content-type: {kind}\r\nx-amz-request-id: 1\r\ncontent-length: {length}\r\n{encryption}"
    );
    format!("HTTP/1.1 {status} -\r\n{head}\r\n\r\n{body}")
}
