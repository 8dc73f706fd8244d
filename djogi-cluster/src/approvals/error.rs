//! Why an approval was not given.

use djogi_core::Address;
use djogi_core::disposition::Reason;
use djogi_core::plan::Rejection;

use super::key::{KeyError, PublicKey};

#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    #[error("the plan does nothing to `{0}`, so there is nothing to approve")]
    NoChange(Address),
    #[error("`{0}` needs no approval: its change takes nothing away")]
    NotNeeded(Address),
    #[error("`{0}` needs no approval: target `{target}` allows what destroys data", target = .0.target())]
    Allowed(Address),
    #[error("`{0}` cannot be approved: target `{target}` denies what destroys data", target = .0.target())]
    Denied(Address),
    #[error("`{address}` cannot be approved yet: {}", .reason.explanation())]
    Closed { address: Address, reason: Reason },
    #[error("a reason is 1 to 1000 characters, none of them a control character")]
    BadReason,
    #[error("approvals must be signed here")]
    KeyNeeded,
    #[error("{key} is the key of no signer")]
    NotASigner { key: PublicKey },
    #[error("the key is that of {signer:?}, who cannot sign in the name of {actor:?}")]
    OtherPerson { signer: String, actor: String },
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What somebody else has approved or planned does not count.
    #[error("the plan does not count: {0}")]
    PlanRejected(Rejection),
    #[error("approval {approval} of `{address}` does not count: {rejection}")]
    Rejected { approval: String, address: Address, rejection: Box<Rejection> },
}

impl ApproveError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            ApproveError::NoChange(_) | ApproveError::NotNeeded(_) | ApproveError::Allowed(_) => {
                "nothing_to_approve"
            }
            ApproveError::Denied(_) => djogi_core::plan::DESTRUCTIVE_DENIED,
            ApproveError::Closed { .. } => "not_approvable",
            ApproveError::BadReason => "bad_reason",
            ApproveError::KeyNeeded => "approval_unsigned",
            ApproveError::NotASigner { .. } => "approval_unknown_signer",
            ApproveError::OtherPerson { .. } => "approval_wrong_person",
            ApproveError::Key(_) => "bad_key",
            ApproveError::PlanRejected(rejection) => match rejection {
                Rejection::Unsigned => "plan_unsigned",
                Rejection::UnknownSigner { .. } => "plan_unknown_signer",
                Rejection::BadSignature { .. } => "plan_bad_signature",
                Rejection::WrongPerson { .. } | Rejection::NotSeparate { .. } => "plan_wrong_person",
            },
            ApproveError::Rejected { rejection, .. } => rejection.code(),
        }
    }

    /// Whether it is the policy that says no.
    pub fn is_refusal(&self) -> bool {
        match self {
            ApproveError::Denied(_)
            | ApproveError::KeyNeeded
            | ApproveError::NotASigner { .. }
            | ApproveError::OtherPerson { .. }
            | ApproveError::PlanRejected(_)
            | ApproveError::Rejected { .. } => true,
            ApproveError::NoChange(_)
            | ApproveError::NotNeeded(_)
            | ApproveError::Allowed(_)
            | ApproveError::Closed { .. }
            | ApproveError::BadReason
            | ApproveError::Key(_) => false,
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            ApproveError::NoChange(_) | ApproveError::NotNeeded(_) => {
                "`djogi plan` lists what needs an approval".to_owned()
            }
            ApproveError::Allowed(_) => "`djogi apply` does it".to_owned(),
            ApproveError::Denied(address) => {
                format!("set `destructive = \"approve\"` for target {} in djogi.toml", address.target())
            }
            ApproveError::Closed { address, reason } => {
                reason.remedy().replace("{address}", &address.to_string())
            }
            ApproveError::BadReason => "`--reason` says why in one line".to_owned(),
            ApproveError::KeyNeeded => "`--key FILE` names the private key of one of the signers".to_owned(),
            ApproveError::NotASigner { .. } => {
                "add it to `signers` in [approvals] of djogi.toml, or use the key of one of them".to_owned()
            }
            ApproveError::OtherPerson { signer, .. } => format!("leave --as out, or use `--as {signer}`"),
            ApproveError::Key(_) => "`openssl genpkey -algorithm ed25519 -out FILE` makes a key".to_owned(),
            ApproveError::PlanRejected(_) => {
                "a signer makes it anew: `djogi plan --out FILE --key FILE`".to_owned()
            }
            ApproveError::Rejected { rejection, .. } => rejection.help().to_owned(),
        })
    }
}
