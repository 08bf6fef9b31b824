//! TLS 1.3 on loopback, with a CA of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::{error, fs, io};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use s3guard_emulator::cache;

/// The root certificates of Linux distributions; Amazon's are among them.
const SYSTEM_ROOTS: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Creates a CA. Returns the server's configuration, and a file with all root certificates that a client may trust.
pub(super) fn make() -> io::Result<(Arc<ServerConfig>, PathBuf)> {
    let authority = authority().map_err(io::Error::other)?;
    let server = server(&authority).map_err(io::Error::other)?;
    Ok((Arc::new(server), write_roots(&authority.pem())?))
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Otherwise it would have the server's name, and the server's certificate would look self-signed.
    parameters.distinguished_name.push(DnType::CommonName, "made for this benchmark");
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}

fn server(
    authority: &CertifiedIssuer<'static, KeyPair>,
) -> Result<ServerConfig, Box<dyn error::Error + Send + Sync>> {
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
    let folder = cache().join("benches");
    fs::create_dir_all(&folder)?;
    let path = folder.join("roots.pem");
    fs::write(&path, format!("{}\n{own}", system.unwrap_or_default()))?;
    Ok(path)
}
