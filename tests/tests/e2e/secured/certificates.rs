//! A certificate authority of a test, and what it certifies.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};

/// It certifies servers of this machine.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// Files of one server, in PEM.
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// A new one, whose own certificate is `ca.crt` in the folder.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        // One whose name is its authority's would seem to certify itself.
        let name = "An authority of a test";
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        fs::create_dir_all(folder)?;
        fs::write(folder.join("ca.crt"), certificate.pem())?;
        Ok(Self {
            folder: folder.to_owned(),
            issuer: Issuer::new(parameters, key),
        })
    }

    /// The file to be trusted.
    pub fn file(&self) -> String {
        self.folder.join("ca.crt").display().to_string()
    }

    /// A certificate for `127.0.0.1`, in files of this name, made anew.
    pub fn certify(&self, name: &str) -> Result<Identity> {
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()])?;
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        let identity = Identity {
            certificate: self.folder.join(format!("{name}.crt")),
            key: self.folder.join(format!("{name}.key")),
        };
        fs::write(&identity.certificate, certificate.pem())?;
        fs::write(&identity.key, key.serialize_pem())?;
        fs::set_permissions(&identity.key, fs::Permissions::from_mode(0o600))?;
        Ok(identity)
    }
}

impl Identity {
    /// Gives the files to whoever owns this one: PostgreSQL reads no key of others.
    pub fn give_to_owner_of(&self, other: &Path) -> Result<()> {
        let owner = fs::metadata(other)?;
        for file in [&self.certificate, &self.key] {
            chown(file, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(())
    }

    /// Both in one file, as Kafka wants them.
    pub fn in_one(&self) -> Result<PathBuf> {
        let both = fs::read_to_string(&self.key)? + &fs::read_to_string(&self.certificate)?;
        let path = self.certificate.with_extension("pem");
        fs::write(&path, both)?;
        Ok(path)
    }
}
