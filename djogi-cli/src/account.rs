//! The name of the account that this process runs as: who is recorded as the actor unless somebody says otherwise.

use crate::environment::Environment;

/// What the login has set, else what the list of accounts says, else the number of the account: services and containers
/// often run without `USER`.
pub(crate) fn name(environment: &Environment) -> String {
    let uid = rustix::process::getuid().as_raw();
    let given = ["USER", "LOGNAME"].into_iter().find_map(|name| environment.text(name));
    given
        .or_else(|| name_of(uid, &std::fs::read_to_string("/etc/passwd").unwrap_or_default()))
        .unwrap_or_else(|| format!("uid-{uid}"))
}

/// The first account with this number, in the format of passwd(5).
fn name_of(uid: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\n# comment\n\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(1000, accounts).as_deref(), Some("ann"));
        assert_eq!(name_of(0, accounts).as_deref(), Some("root"));
        assert_eq!(name_of(100, accounts), None);
        assert_eq!(name_of(0, "broken\n:x:0:0"), None);
    }

    #[test]
    fn the_login_says_it_first() {
        let name = |variables: &[(&str, &str)]| name(&Environment::fixed(variables.iter().copied()));
        assert_eq!(name(&[("USER", "ann"), ("LOGNAME", "bob")]), "ann");
        assert_eq!(name(&[("USER", ""), ("LOGNAME", "bob")]), "bob");
        assert!(!name(&[]).is_empty());
    }
}
