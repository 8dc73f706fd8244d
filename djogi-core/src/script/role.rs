//! What a statement says of roles: `CREATE ROLE`, `ALTER ROLE`, `GRANT role TO role` and the like.
//!
//! Unlike other statements these are read here: they are about the whole server, so that no scratch server may run them for
//! somebody else's sake. What reads otherwise than PostgreSQL's grammar has it is refused, not guessed.

use super::lexer::{Lexeme, Sort, lexemes};
use super::literals::literals;
use crate::ident::Ident;
use crate::kind::RoleAttribute;
use crate::kind::role::{is_list, list_of};

/// A statement about roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleStatement {
    Create {
        role: Ident,
        changes: Vec<RoleChange>,
        memberships: Vec<Membership>,
    },
    Alter {
        role: Ident,
        changes: Vec<RoleChange>,
    },
    Comment {
        role: Ident,
        text: Option<String>,
    },
    Grant(Vec<Membership>),
    /// Of the whole membership, or of one option.
    Revoke {
        memberships: Vec<Membership>,
        option: Option<MembershipOption>,
    },
    Drop(Vec<Ident>),
    Rename {
        from: Ident,
        to: Ident,
    },
}

/// What is said of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    Attribute(RoleAttribute, bool),
    ConnectionLimit(Option<u32>),
    /// As it is written.
    ValidUntil(String),
    Set {
        parameter: String,
        value: String,
    },
    Reset(String),
    ResetAll,
}

/// `GRANT role TO member`, with the options that are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub role: Ident,
    pub member: Ident,
    pub admin: Option<bool>,
    pub inherit: Option<bool>,
    pub become_role: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipOption {
    Admin,
    Inherit,
    Set,
}

/// Why a statement about roles is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleProblem {
    #[error("a password is no part of a schema")]
    Password,
    #[error("settings of a role in one database are not modelled")]
    InDatabase,
    #[error("the current value of a parameter depends on who loads the file")]
    FromCurrent,
    #[error("`{0}` depends on who loads the file")]
    WhoLoads(String),
    #[error("`{0}` is not understood here")]
    Unexpected(String),
    #[error("the statement ends too early")]
    Ends,
}

impl RoleProblem {
    pub fn help(&self) -> Option<&'static str> {
        match self {
            RoleProblem::Password => Some(
                "remove PASSWORD: djogi neither reads nor sets passwords; set it by hand where it is wanted, with \\password of psql",
            ),
            RoleProblem::InDatabase => Some("remove IN DATABASE, or set it by hand"),
            RoleProblem::FromCurrent | RoleProblem::WhoLoads(_) => Some("say it by name"),
            RoleProblem::Unexpected(_) | RoleProblem::Ends => None,
        }
    }
}

/// Reads one statement, without its semicolon.
///
/// # Errors
/// What in it djogi does not take.
pub fn read(sql: &str) -> Result<RoleStatement, RoleProblem> {
    let lexemes = lexemes(sql, &mut |_, _| {});
    let mut words = Words { lexemes: &lexemes, at: 0 };
    let statement = words.statement()?;
    match words.peek() {
        None => Ok(statement),
        Some(_) => Err(words.unexpected()),
    }
}

struct Words<'s, 'a> {
    lexemes: &'s [Lexeme<'a>],
    at: usize,
}

impl<'s, 'a> Words<'s, 'a> {
    fn peek(&self) -> Option<&'s Lexeme<'a>> {
        self.lexemes.get(self.at)
    }

    fn next(&mut self) -> Option<&'s Lexeme<'a>> {
        let next = self.peek();
        self.at += 1;
        next
    }

    fn takes(&mut self, word: &str) -> bool {
        let takes = self.peek().is_some_and(|lexeme| lexeme.is_word(word));
        self.at += usize::from(takes);
        takes
    }

    fn takes_symbol(&mut self, symbol: &str) -> bool {
        let takes = self.peek().is_some_and(|lexeme| lexeme.sort == Sort::Other && lexeme.text == symbol);
        self.at += usize::from(takes);
        takes
    }

    fn takes_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.takes(word))
    }

    fn unexpected(&self) -> RoleProblem {
        match self.peek() {
            // What stands between quotes may be a password.
            Some(lexeme) if lexeme.sort == Sort::Literal => RoleProblem::Unexpected("'...'".to_owned()),
            Some(lexeme) => RoleProblem::Unexpected(lexeme.text.to_owned()),
            None => RoleProblem::Ends,
        }
    }

    fn expect(&mut self, word: &str) -> Result<(), RoleProblem> {
        if self.takes(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn role(&mut self) -> Result<Ident, RoleProblem> {
        let Some(lexeme) = self.peek() else { return Err(RoleProblem::Ends) };
        if ["current_user", "current_role", "session_user"].iter().any(|word| lexeme.is_word(word)) {
            return Err(RoleProblem::WhoLoads(lexeme.text.to_owned()));
        }
        let name = lexeme.name().and_then(|name| Ident::new(name).ok());
        let name = name.ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(name)
    }

    fn roles(&mut self) -> Result<Vec<Ident>, RoleProblem> {
        let mut roles = vec![self.role()?];
        while self.takes_symbol(",") {
            roles.push(self.role()?);
        }
        Ok(roles)
    }

    fn string(&mut self) -> Result<String, RoleProblem> {
        self.takes("e");
        let value = self.peek().filter(|lexeme| lexeme.sort == Sort::Literal);
        let start = self.at - usize::from(self.at > 0 && self.lexemes[self.at - 1].is_word("e"));
        let text: String =
            self.lexemes.get(start..=self.at).into_iter().flatten().map(|lexeme| lexeme.text).collect();
        let value = value.and_then(|_| literals(&text).into_iter().next());
        let value = value.ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(value)
    }

    fn integer(&mut self) -> Result<i64, RoleProblem> {
        let is_negative = self.takes_symbol("-");
        let number = self.peek().and_then(|lexeme| lexeme.text.parse::<i64>().ok());
        let number = number.ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(if is_negative { -number } else { number })
    }

    fn statement(&mut self) -> Result<RoleStatement, RoleProblem> {
        if self.takes("create") {
            return self.create();
        }
        if self.takes("alter") {
            return self.alter();
        }
        if self.takes("comment") {
            self.expect("on")?;
            self.expect("role")?;
            let role = self.role()?;
            self.expect("is")?;
            let text = if self.takes("null") { None } else { Some(self.string()?) };
            return Ok(RoleStatement::Comment { role, text: text.filter(|text| !text.is_empty()) });
        }
        if self.takes("drop") {
            self.sort_of_role()?;
            if self.takes("if") {
                self.expect("exists")?;
            }
            return Ok(RoleStatement::Drop(self.roles()?));
        }
        if self.takes("grant") {
            return self.grant();
        }
        self.expect("revoke")?;
        self.revoke()
    }

    /// Whether it is `USER`.
    fn sort_of_role(&mut self) -> Result<bool, RoleProblem> {
        match self.takes("user") {
            true => Ok(true),
            false if self.takes_any(&["role", "group"]) => Ok(false),
            false => Err(self.unexpected()),
        }
    }

    fn create(&mut self) -> Result<RoleStatement, RoleProblem> {
        let is_user = self.sort_of_role()?;
        let role = self.role()?;
        self.takes("with");
        let mut changes = Vec::new();
        if is_user {
            changes.push(RoleChange::Attribute(RoleAttribute::Login, true));
        }
        let mut memberships = Vec::new();
        while self.peek().is_some() {
            if let Some(change) = self.option()? {
                changes.push(change);
                continue;
            }
            let plain = |role: &Ident, member: &Ident| Membership::plain(role.clone(), member.clone());
            if self.takes("in") {
                if !self.takes_any(&["role", "group"]) {
                    return Err(self.unexpected());
                }
                memberships.extend(self.roles()?.iter().map(|of| plain(of, &role)));
            } else if self.takes_any(&["role", "user"]) {
                memberships.extend(self.roles()?.iter().map(|member| plain(&role, member)));
            } else if self.takes("admin") {
                let admins = self.roles()?;
                let admins = admins.iter().map(|member| plain(&role, member));
                memberships.extend(admins.map(|membership| Membership { admin: Some(true), ..membership }));
            } else if self.takes("sysid") {
                self.integer()?;
            } else {
                return Err(self.unexpected());
            }
        }
        Ok(RoleStatement::Create { role, changes, memberships })
    }

    /// An option that `CREATE` and `ALTER` have.
    fn option(&mut self) -> Result<Option<RoleChange>, RoleProblem> {
        for attribute in RoleAttribute::ALL {
            let word = attribute.word().to_ascii_lowercase();
            if self.takes(&word) {
                return Ok(Some(RoleChange::Attribute(attribute, true)));
            }
            if self.takes(&format!("no{word}")) {
                return Ok(Some(RoleChange::Attribute(attribute, false)));
            }
        }
        if self.takes_any(&["password", "encrypted", "unencrypted"]) {
            return Err(RoleProblem::Password);
        }
        if self.takes("connection") {
            self.expect("limit")?;
            let limit = self.integer()?;
            return Ok(Some(RoleChange::ConnectionLimit(u32::try_from(limit).ok())));
        }
        if self.takes("valid") {
            self.expect("until")?;
            return Ok(Some(RoleChange::ValidUntil(self.string()?)));
        }
        Ok(None)
    }

    fn alter(&mut self) -> Result<RoleStatement, RoleProblem> {
        self.sort_of_role()?;
        let role = self.role()?;
        if self.takes("rename") {
            self.expect("to")?;
            return Ok(RoleStatement::Rename { from: role, to: self.role()? });
        }
        if self.peek().is_some_and(|lexeme| lexeme.is_word("in")) {
            return Err(RoleProblem::InDatabase);
        }
        // `ALTER GROUP`.
        if self.takes("add") || self.takes("drop") {
            let adds = self.lexemes[self.at - 1].is_word("add");
            self.expect("user")?;
            let members = self.roles()?;
            let memberships = members.into_iter().map(|member| Membership::plain(role.clone(), member));
            let memberships = memberships.collect();
            return Ok(match adds {
                true => RoleStatement::Grant(memberships),
                false => RoleStatement::Revoke { memberships, option: None },
            });
        }
        if self.takes("set") {
            return Ok(RoleStatement::Alter { role, changes: vec![self.setting()?] });
        }
        if self.takes("reset") {
            let change = match self.takes("all") {
                true => RoleChange::ResetAll,
                false => RoleChange::Reset(self.parameter()?),
            };
            return Ok(RoleStatement::Alter { role, changes: vec![change] });
        }
        self.takes("with");
        let mut changes = Vec::new();
        while self.peek().is_some() {
            changes.push(self.option()?.ok_or_else(|| self.unexpected())?);
        }
        Ok(RoleStatement::Alter { role, changes })
    }

    /// Its name, which PostgreSQL does not tell by case.
    fn parameter(&mut self) -> Result<String, RoleProblem> {
        if self.takes("time") {
            self.expect("zone")?;
            return Ok("timezone".to_owned());
        }
        let mut parameter = String::new();
        loop {
            let name = self.peek().and_then(Lexeme::name).ok_or_else(|| self.unexpected())?;
            parameter += &name.to_ascii_lowercase();
            self.at += 1;
            if !self.takes_symbol(".") {
                return Ok(parameter);
            }
            parameter.push('.');
        }
    }

    fn setting(&mut self) -> Result<RoleChange, RoleProblem> {
        let is_zone = self.peek().is_some_and(|lexeme| lexeme.is_word("time"));
        let parameter = self.parameter()?;
        if self.takes("from") {
            return Err(RoleProblem::FromCurrent);
        }
        if !is_zone && !self.takes("to") && !self.takes_symbol("=") {
            return Err(self.unexpected());
        }
        if self.takes("default") || is_zone && self.takes("local") {
            return Ok(RoleChange::Reset(parameter));
        }
        let mut values = vec![self.value(&parameter)?];
        while self.takes_symbol(",") {
            values.push(self.value(&parameter)?);
        }
        Ok(RoleChange::Set { parameter, value: values.join(", ") })
    }

    /// One of the values of a parameter as PostgreSQL keeps it (`flatten_set_variable_args`).
    fn value(&mut self, parameter: &str) -> Result<String, RoleProblem> {
        let Some(lexeme) = self.peek() else { return Err(RoleProblem::Ends) };
        let is_escape = lexeme.is_word("e")
            && self.lexemes.get(self.at + 1).is_some_and(|next| next.sort == Sort::Literal);
        if lexeme.sort == Sort::Literal || is_escape {
            let text = self.string()?;
            return Ok(if is_list(parameter) { list_of(&[text]) } else { text });
        }
        if let Some(name) = lexeme.name() {
            self.at += 1;
            return Ok(if is_list(parameter) { list_of(&[name]) } else { name });
        }
        let sign = if self.takes_symbol("-") { "-" } else { "" };
        if sign.is_empty() {
            self.takes_symbol("+");
        }
        let number = self.peek().filter(|lexeme| lexeme.text.starts_with(|c: char| c.is_ascii_digit()));
        let number = number.ok_or_else(|| self.unexpected())?;
        self.next();
        Ok(format!("{sign}{}", number.text))
    }

    fn grant(&mut self) -> Result<RoleStatement, RoleProblem> {
        let roles = self.roles()?;
        self.expect("to")?;
        let members = self.roles()?;
        let (mut admin, mut inherit, mut become_role) = (None, None, None);
        if self.takes("with") {
            loop {
                let option = self.membership_option()?;
                let holds = match () {
                    () if self.takes_any(&["option", "true"]) => true,
                    () if self.takes("false") => false,
                    () => return Err(self.unexpected()),
                };
                match option {
                    MembershipOption::Admin => admin = Some(holds),
                    MembershipOption::Inherit => inherit = Some(holds),
                    MembershipOption::Set => become_role = Some(holds),
                }
                if !self.takes_symbol(",") {
                    break;
                }
            }
        }
        self.granted_by()?;
        let all = roles.iter().flat_map(|role| members.iter().map(move |member| (role, member)));
        Ok(RoleStatement::Grant(
            all.map(|(role, member)| Membership {
                role: role.clone(),
                member: member.clone(),
                admin,
                inherit,
                become_role,
            })
            .collect(),
        ))
    }

    fn membership_option(&mut self) -> Result<MembershipOption, RoleProblem> {
        match () {
            () if self.takes("admin") => Ok(MembershipOption::Admin),
            () if self.takes("inherit") => Ok(MembershipOption::Inherit),
            () if self.takes("set") => Ok(MembershipOption::Set),
            () => Err(self.unexpected()),
        }
    }

    /// Who grants is left to the server.
    fn granted_by(&mut self) -> Result<(), RoleProblem> {
        if self.takes("granted") {
            self.expect("by")?;
            self.next();
        }
        Ok(())
    }

    fn revoke(&mut self) -> Result<RoleStatement, RoleProblem> {
        let is_option = self.lexemes.get(self.at + 1).is_some_and(|next| next.is_word("option"));
        let option = if is_option {
            let option = self.membership_option()?;
            self.expect("option")?;
            self.expect("for")?;
            Some(option)
        } else {
            None
        };
        let roles = self.roles()?;
        self.expect("from")?;
        let members = self.roles()?;
        self.granted_by()?;
        self.takes_any(&["cascade", "restrict"]);
        let all = roles.iter().flat_map(|role| members.iter().map(move |member| (role, member)));
        let memberships = all.map(|(role, member)| Membership::plain(role.clone(), member.clone()));
        Ok(RoleStatement::Revoke { memberships: memberships.collect(), option })
    }
}

impl Membership {
    fn plain(role: Ident, member: Ident) -> Self {
        Self { role, member, admin: None, inherit: None, become_role: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    #[test]
    fn options_and_memberships_of_a_new_role_are_read() {
        let read = read(
            "CREATE USER \"App\" WITH NOINHERIT CREATEDB CONNECTION LIMIT -1 VALID UNTIL 'tomorrow' IN ROLE a, b ADMIN c",
        );
        let Ok(RoleStatement::Create { role, changes, memberships }) = read else { panic!("{read:?}") };
        assert_eq!(role, ident("App"));
        assert_eq!(
            changes,
            [
                RoleChange::Attribute(RoleAttribute::Login, true),
                RoleChange::Attribute(RoleAttribute::Inherit, false),
                RoleChange::Attribute(RoleAttribute::CreateDatabase, true),
                RoleChange::ConnectionLimit(None),
                RoleChange::ValidUntil("tomorrow".to_owned()),
            ]
        );
        let sides: Vec<_> =
            memberships.iter().map(|m| (m.role.as_str(), m.member.as_str(), m.admin)).collect();
        assert_eq!(sides, [("a", "App", None), ("b", "App", None), ("App", "c", Some(true))]);
    }

    #[test]
    fn settings_are_kept_as_postgresql_keeps_them() {
        for (sql, parameter, value) in [
            ("search_path = app, '$user', \"Odd\"", "search_path", "app, \"$user\", \"Odd\""),
            ("Work_Mem TO '64MB'", "work_mem", "64MB"),
            ("my.setting = -1.5", "my.setting", "-1.5"),
            ("TIME ZONE 'UTC'", "timezone", "UTC"),
            ("DateStyle TO ISO, DMY", "datestyle", "iso, dmy"),
            ("log_statement = E'a\\'b'", "log_statement", "a'b"),
        ] {
            let expected = RoleChange::Set { parameter: parameter.to_owned(), value: value.to_owned() };
            let read = read(&format!("ALTER ROLE app SET {sql}"));
            assert_eq!(
                read,
                Ok(RoleStatement::Alter { role: ident("app"), changes: vec![expected] }),
                "{sql}"
            );
        }
        let reset = |sql: &str| match read(sql) {
            Ok(RoleStatement::Alter { changes, .. }) => changes,
            other => panic!("{other:?}"),
        };
        assert_eq!(reset("ALTER ROLE app RESET ALL"), [RoleChange::ResetAll]);
        assert_eq!(reset("ALTER USER app SET work_mem TO DEFAULT"), [RoleChange::Reset("work_mem".into())]);
    }

    #[test]
    fn memberships_are_granted_and_revoked_with_their_options() {
        let granted = read("GRANT a, b TO c WITH ADMIN OPTION, INHERIT FALSE, SET TRUE GRANTED BY d");
        let Ok(RoleStatement::Grant(granted)) = granted else { panic!("{granted:?}") };
        assert_eq!(granted.len(), 2);
        assert_eq!(
            (granted[1].admin, granted[1].inherit, granted[1].become_role),
            (Some(true), Some(false), Some(true))
        );
        let revoked = read("REVOKE ADMIN OPTION FOR a FROM c CASCADE");
        assert!(matches!(revoked, Ok(RoleStatement::Revoke { option: Some(MembershipOption::Admin), .. })));
        // A role can be called so.
        assert!(matches!(read("REVOKE admin FROM c"), Ok(RoleStatement::Revoke { option: None, .. })));
    }

    #[test]
    fn what_cannot_be_a_declaration_is_named_without_what_is_secret() {
        for (sql, problem) in [
            ("CREATE ROLE a PASSWORD 'hush'", RoleProblem::Password),
            ("ALTER ROLE a WITH ENCRYPTED PASSWORD 'hush'", RoleProblem::Password),
            ("ALTER ROLE a IN DATABASE d SET work_mem = 1", RoleProblem::InDatabase),
            ("ALTER ROLE a SET work_mem FROM CURRENT", RoleProblem::FromCurrent),
            ("GRANT a TO CURRENT_USER", RoleProblem::WhoLoads("CURRENT_USER".to_owned())),
            ("CREATE ROLE a LOGIN 'hush'", RoleProblem::Unexpected("'...'".to_owned())),
            ("CREATE ROLE a CONNECTION", RoleProblem::Ends),
        ] {
            assert_eq!(read(sql), Err(problem), "{sql}");
        }
    }
}
