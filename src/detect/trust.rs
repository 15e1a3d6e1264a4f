//! Certificates, credentials and permissions that are no longer good.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Certificates.
pub static CERTIFICATE: Family = Family {
    name: "certificate",
    about: "certificates that expired or are not trusted; TLS handshakes that fail, more often than usual",
    what: "certificate or TLS failure",
    severity: Severity::Critical,
    nature: Nature::Fault,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(3, &["certificate has expired"]),
        says(3, &["certificate", "expired"]),
        says(3, &["certificateexpired"]),
        says(3, &["cert_has_expired"]),
        says(3, &["certificate", "not yet valid"]),
        says(3, &["certificate", "verify failed"]),
        says(3, &["unknown authority"]),
        says(3, &["local issuer certificate"]),
        says(3, &["unable to verify the first certificate"]),
        says(3, &["certificate", "revoked"]),
        says(3, &["certificate", "does not match"]),
        says(3, &["certificate", "doesn't match"]),
        says(3, &["certificate is valid for", "not"]),
        says(3, &["err_tls_cert"]),
        says(3, &["unable to find valid certification path"]),
        says(3, &["self signed certificate"]),
        says(3, &["self-signed certificate"]),
        says(3, &["pkix path"]),
        says(2, &["handshake", "fail"]),
        says(2, &["handshake_failure"]),
        says(2, &["sslhandshake"]),
        says(2, &["ssl_error"]),
        says(2, &["tls", "error"]),
        says(2, &["bad certificate"]),
        says(3, &["altnames"]),
        says(3, &["certificate", "not trusted"]),
        says(3, &["certificate unknown"]),
        says(3, &["expired certificate"]),
        says(3, &["certificate is invalid"]),
        says(3, &["invalid certificate"]),
    ],
    unless: &["renewed"],
    most: None,
    gauge: None,
};

/// Credentials.
pub static CREDENTIAL: Family = Family {
    name: "credential",
    about: "tokens, keys and passwords that are refused, more often than usual",
    what: "credentials refused",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["token", "expired"]),
        says(2, &["token", "invalid"]),
        says(2, &["token", "rejected"]),
        says(2, &["token", "refused"]),
        says(2, &["token", "denied"]),
        says(2, &["no key with"]),
        says(2, &["unknown key"]),
        says(2, &["key not found"]),
        says(2, &["key id", "not"]),
        says(2, &["signed with", "key"]),
        says(2, &["credential", "refused"]),
        says(2, &["session", "signature"]),
        says(2, &["signature", "expired"]),
        says(2, &["signature", "invalid"]),
        says(2, &["signature", "mismatch"]),
        says(2, &["signature", "verification"]),
        says(2, &["unknown kid"]),
        says(2, &["signing key"]),
        says(2, &["no matching key"]),
        says(2, &["jwks"]),
        says_but(2, &["key", "expired"], &["cache"]),
        says(2, &["password authentication failed"]),
        says(2, &["authentication failed"]),
        says(2, &["authentication failure"]),
        says(2, &["invalid credentials"]),
        says(2, &["unauthorized"]),
        says(2, &["unauthenticated"]),
        says(2, &["access token"]),
        says(2, &["invalid_grant"]),
        says(2, &["expiredtoken"]),
        says(2, &["credential", "expired"]),
        says(2, &["secret", "expired"]),
        says_but(2, &["login failed"], &["for invalid user"]),
        says(2, &["jwt", "expired"]),
        says(2, &["access denied for user"]),
        says(2, &["wrongpass"]),
        says(2, &["noauth"]),
        says(2, &["password", "expired"]),
        says(2, &["invalid username"]),
        says(2, &["logon denied"]),
        says(2, &["login failed for user"]),
        says(2, &["invalid api key"]),
        says(2, &["api key", "revoked"]),
    ],
    unless: &[
        "token verified",
        "for invalid user",
        "invalid user from",
        "refreshed",
        "unexpected token",
        "session accepted",
    ],
    most: None,
    gauge: None,
};

/// Permissions.
pub static PERMISSION: Family = Family {
    name: "permission",
    about: "permissions that are missing, more often than usual",
    what: "permission denied",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Warn,
    rises: true,
    phrases: &[
        says(2, &["permission denied"]),
        says(2, &["access denied"]),
        says(2, &["accessdenied"]),
        says(2, &["eacces"]),
        says(2, &["eperm"]),
        says(2, &["operation not permitted"]),
        says(2, &["not authorized to perform"]),
        says(2, &["permissiondenied"]),
        says(2, &["lacks permission"]),
        says(2, &["lacks", "permission"]),
        says(2, &["insufficient privilege"]),
        says(2, &["insufficient permission"]),
        says(2, &["missing permission"]),
        says(2, &["does not have", "permission"]),
        says(2, &["command denied to user"]),
        says(2, &["is forbidden", "cannot"]),
        says(2, &["not authorized to"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{check, noise};
    use super::*;

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
}
