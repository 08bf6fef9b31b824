//! As much of S3, SQS and SNS as one cold start needs, on loopback behind TLS 1.3 with a CA of its own.

use std::io::{self, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use s3guard_emulator::cache;
use s3guard_emulator::http::{self, Message};

/// Where Linux distributions keep the roots that they trust; Amazon's are a part of them.
const SYSTEM_ROOTS: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The fake, for as long as the program runs.
pub(crate) struct FakeAws {
    endpoint: String,
    certificates: PathBuf,
    encrypted: Arc<AtomicBool>,
}

impl FakeAws {
    pub(crate) fn start() -> io::Result<Self> {
        let authority = authority().map_err(io::Error::other)?;
        let tls = Arc::new(tls(&authority).map_err(io::Error::other)?);
        let certificates = write_roots(&authority.pem())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let endpoint = format!("https://{}", listener.local_addr()?);
        let encrypted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&encrypted);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, seen) = (Arc::clone(&tls), Arc::clone(&seen));
                // A client that goes away in the middle is one that was measured and killed.
                thread::spawn(move || drop(talk(stream, tls, &seen)));
            }
        });
        Ok(Self { endpoint, certificates, encrypted })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A file with all roots that a client may trust.
    pub(crate) fn certificates(&self) -> &Path {
        &self.certificates
    }

    /// Whether somebody has set the bucket's encryption.
    pub(crate) fn encrypted(&self) -> bool {
        self.encrypted.load(Ordering::SeqCst)
    }

    pub(crate) fn forget(&self) {
        self.encrypted.store(false, Ordering::SeqCst);
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Or it would have the server's name, and the server's certificate would look self-signed.
    parameters.distinguished_name.push(DnType::CommonName, "made for this benchmark");
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}

fn tls(
    authority: &CertifiedIssuer<'static, KeyPair>,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
    let certificate = parameters.signed_by(&key, authority)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(config)
}

fn write_roots(own: &str) -> io::Result<PathBuf> {
    let system = SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok());
    let folder = cache().join("cold-start");
    fs::create_dir_all(&folder)?;
    let path = folder.join("roots.pem");
    fs::write(&path, format!("{}\n{own}", system.unwrap_or_default()))?;
    Ok(path)
}

fn talk(stream: TcpStream, tls: Arc<ServerConfig>, encrypted: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(request) = http::read(&mut reader, false)? {
        let (status, body) = answer(&request, encrypted);
        let kind =
            if body.starts_with('{') { "application/x-amz-json-1.0" } else { "application/xml" };
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\nx-amz-request-id: 1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        reader.get_mut().write_all((head + &body).as_bytes())?;
        reader.get_mut().flush()?;
    }
    Ok(())
}

fn answer(request: &Message, encrypted: &AtomicBool) -> (u16, String) {
    let mut words = request.first_line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asks = |part: &str| query.split('&').any(|pair| pair.split('=').next() == Some(part));
    if let Some(target) = request.header("x-amz-target") {
        let batch = target.ends_with("Batch");
        let sent = r#"{"MessageId":"1","MD5OfMessageBody":"e4e68fb7bd0e697a0ae8f1bb342846b3"}"#;
        return (
            200,
            if batch { r#"{"Successful":[],"Failed":[]}"#.to_owned() } else { sent.to_owned() },
        );
    }
    match method {
        "POST" => {
            let result = "<PublishResult><MessageId>1</MessageId></PublishResult>";
            let metadata = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>";
            let xmlns = "http://sns.amazonaws.com/doc/2010-03-31/";
            (
                200,
                format!("<PublishResponse xmlns=\"{xmlns}\">{result}{metadata}</PublishResponse>"),
            )
        }
        "PUT" => {
            encrypted.fetch_or(asks("encryption"), Ordering::SeqCst);
            (200, String::new())
        }
        _ if asks("encryption") => not_found("ServerSideEncryptionConfigurationNotFoundError"),
        _ if asks("publicAccessBlock") => (200, all_blocked()),
        _ if asks("policy") || asks("policyStatus") => not_found("NoSuchBucketPolicy"),
        _ if asks("website") => not_found("NoSuchWebsiteConfiguration"),
        _ if asks("acl") => (200, owners_acl()),
        _ => not_found("NoSuchKey"),
    }
}

fn not_found(code: &str) -> (u16, String) {
    (
        404,
        format!(
            "<Error><Code>{code}</Code><Message>not found</Message><RequestId>1</RequestId></Error>"
        ),
    )
}

fn all_blocked() -> String {
    let settings =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let settings = settings.map(|name| format!("<{name}>true</{name}>")).concat();
    format!("<PublicAccessBlockConfiguration>{settings}</PublicAccessBlockConfiguration>")
}

fn owners_acl() -> String {
    let grantee = "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>1</ID></Grantee>";
    let grant = format!("<Grant>{grantee}<Permission>FULL_CONTROL</Permission></Grant>");
    format!(
        "<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList>{grant}</AccessControlList></AccessControlPolicy>"
    )
}
