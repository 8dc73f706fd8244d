//! The rules of `[approvals]` in `djogi.toml`: whose signatures count, and who must not approve.

use djogi_core::digest::canonical_json;
use djogi_core::plan::{PlanDocument, PlanSignature, Rejection};
use serde_json::Value;

use super::key::{PrivateKey, PublicKey};
use crate::identity::Actor;
use crate::state::{APPROVAL_FORMAT, Approval, Signature};

/// Somebody whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    pub name: Actor,
    pub key: PublicKey,
}

/// The rules; without any of them, anybody's word is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalRules {
    pub signers: Vec<Signer>,
    /// Approvals and saved plans must be signed.
    pub required: bool,
    /// Who approves must not apply.
    pub separate: bool,
}

impl ApprovalRules {
    /// The signer with this key.
    pub fn signer_of(&self, key: &PublicKey) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.key == *key)
    }

    /// Whether `approval` counts when `applier` applies.
    pub fn check(&self, approval: &Approval, applier: &Actor) -> Result<(), Rejection> {
        let Approval { approver, signature, .. } = approval;
        self.check_signature(signature.as_ref(), &signed_text(approval))?;
        if let Some(Signature { key, .. }) = signature
            && key != approver.as_str()
        {
            return Err(Rejection::WrongPerson { key: key.clone(), approver: approver.to_string() });
        }
        if self.separate && approver == applier {
            return Err(Rejection::NotSeparate { approver: approver.to_string() });
        }
        Ok(())
    }

    /// A signature counts only with a list of signers; without one nobody can tell whose it is.
    fn check_signature(&self, signature: Option<&Signature>, text: &str) -> Result<(), Rejection> {
        let Some(Signature { key, signature }) = signature else {
            return if self.required { Err(Rejection::Unsigned) } else { Ok(()) };
        };
        if self.signers.is_empty() && !self.required {
            return Ok(());
        }
        let mut known = self.signers.iter().filter(|signer| signer.name.as_str() == key).peekable();
        if known.peek().is_none() {
            return Err(Rejection::UnknownSigner { key: key.clone() });
        }
        if known.any(|signer| signer.key.verify(text.as_bytes(), signature)) {
            Ok(())
        } else {
            Err(Rejection::BadSignature { key: key.clone() })
        }
    }
}

/// Signs `approval` in the name of its approver.
pub(super) fn sign(approval: &mut Approval, key: &PrivateKey) {
    let signature = key.sign(signed_text(approval).as_bytes());
    approval.signature = Some(Signature { key: approval.approver.to_string(), signature });
}

/// Everything that the approver has decided; what becomes of the approval later is not in it.
fn signed_text(approval: &Approval) -> String {
    let mut body = serde_json::to_value(approval).expect("approvals have string keys");
    if let Value::Object(keys) = &mut body {
        keys.remove("signature");
        keys.remove("spent");
    }
    format!("{APPROVAL_FORMAT}\n{}", canonical_json(&body))
}

/// What is signed of a plan: all of it, by its digest.
fn plan_text(document: &PlanDocument) -> String {
    format!("djogi-plan/{}\n{}", document.format_version, document.digest)
}

/// Signs a plan in the name of `signer`.
pub fn sign_plan(document: &mut PlanDocument, signer: &Signer, key: &PrivateKey) {
    let signature = key.sign(plan_text(document).as_bytes());
    document.signature = Some(PlanSignature { key: signer.name.to_string(), signature });
}

/// Whether a saved plan may be applied under `rules`.
pub(crate) fn verify_plan(document: &PlanDocument, rules: &ApprovalRules) -> Result<(), Rejection> {
    let signature = document.signature.as_ref();
    let signature = signature.map(|s| Signature { key: s.key.clone(), signature: s.signature.clone() });
    rules.check_signature(signature.as_ref(), &plan_text(document))
}
