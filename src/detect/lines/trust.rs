//! Lines by which the signatures of this family (trust) are known, and lines that look like it.

use crate::detect::tests::{check, noise};
use crate::model::Level;

#[test]
fn trust_ends_in_known_words() {
    check(
        "certificate",
        &[
            "x509: certificate has expired or is not yet valid: current time 2024-05-01T00:00:00Z is after 2024-04-30T23:59:59Z",
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed",
            "Error: CERT_HAS_EXPIRED",
        ],
        &["info: certificate renewed, old one expired", "order failed"],
    );
    check(
        "credential",
        &[
            "JWT expired at 2025-03-04T10:39:00Z. Current time: 2025-03-04T10:40:00Z",
            "Access denied for user 'app'@'10.0.0.2' (using password: YES)",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "ORA-28001: the password has expired",
            "ORA-01017: invalid username/password; logon denied",
            "token rejected: signature expired",
            "FATAL:  password authentication failed for user \"app\"",
        ],
        &["Failed password for invalid user admin", "Unexpected token < in JSON, invalid"],
    );
    check(
        "permission",
        &[
            "Error from server (Forbidden): pods is forbidden: User \"system:serviceaccount:x\" cannot list resource \"pods\"",
            "open /data/x: permission denied",
        ],
        &["info: permission denied"],
    );
    assert!(noise(Some(Level::Error), "token rejected: signature expired").is_empty());
}
