//! Ed25519 keys: a private one from a PKCS #8 file, as `openssl genpkey -algorithm ed25519` makes it, and public ones as
//! `openssl pkey -pubout` prints them, without the first and last line.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

/// `SubjectPublicKeyInfo` of an Ed25519 key up to its 32 bytes (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read the key {file}: {source}")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{file} holds no Ed25519 key in PKCS #8")]
    NotPrivate { file: String },
    #[error("{0:?} is no Ed25519 public key")]
    NotPublic(String),
}

/// Signs; never shown.
pub struct PrivateKey(Ed25519KeyPair);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.public()).finish()
    }
}

impl PrivateKey {
    /// # Errors
    /// [`KeyError::Unreadable`], [`KeyError::NotPrivate`]; neither shows what the file holds.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file = path.display().to_string();
        let pem =
            std::fs::read(path).map_err(|source| KeyError::Unreadable { file: file.clone(), source })?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(&pem).ok();
        // Files of OpenSSL leave the public half out; there is nothing to check it against.
        let pair =
            key.and_then(|key| Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der()).ok());
        pair.map(Self).ok_or(KeyError::NotPrivate { file })
    }

    /// The half that may be shown.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().expect("an Ed25519 public key has 32 bytes"))
    }

    /// A signature as text.
    pub fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(message).as_ref())
    }
}

/// Verifies what the private half has signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    pub fn verify(&self, message: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        STANDARD.decode(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode([SPKI.as_slice(), &self.0].concat()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text.trim()).ok();
        let key = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&SPKI));
        let key = key.and_then(|key| key.try_into().ok());
        key.map(Self).ok_or_else(|| KeyError::NotPublic(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519` for this test alone.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEICLS4Lhaxu+jGBUxqaunw36Zs+xQZopjIaMMEEhF9doP
-----END PRIVATE KEY-----
";

    fn key() -> PrivateKey {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), PEM).unwrap();
        PrivateKey::read(file.path()).unwrap()
    }

    #[test]
    fn what_a_key_signs_its_other_half_verifies_and_nothing_else() {
        let (key, signature) = (key(), key().sign(b"drop it"));
        let public: PublicKey = key.public().to_string().parse().unwrap();
        assert_eq!(public, key.public());
        assert!(public.verify(b"drop it", &signature));
        assert!(!public.verify(b"drop them", &signature));
        assert!(!public.verify(b"drop it", &signature[4..]));
        assert!(!public.verify(b"drop it", "no base64"));
    }

    #[test]
    fn the_private_half_is_never_shown() {
        assert!(format!("{:?}", key()).starts_with("PrivateKey(MCowBQYDK2VwAyEA"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2").unwrap();
        let error = PrivateKey::read(file.path()).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("PKCS #8"), "{error}");
    }

    #[test]
    fn other_texts_are_no_public_keys() {
        for text in ["", "MCow", "AAAA", &STANDARD.encode([0; 44])] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
    }
}
