//! Verbs about groups and their members: as the vendor has them, as it was told of them, and who waits for one.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::book::{Book, GROUP, USER, params};
use super::tx::Row;
use crate::store::{Group, GroupChange, StoreError, Told};

type Done<T = ()> = Result<T, StoreError>;

impl Book<'_> {
    pub async fn park(&mut self, user: &str, groups: &[CompactString]) -> Done {
        if groups.is_empty() {
            return Ok(());
        }
        let member = self.name(USER, user).await?;
        let teams = self.names(GROUP, groups).await?;
        let rows = teams.into_iter().map(|team| params![member, team]).collect();
        let sql = "INSERT INTO parked (member, team) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.tx.each(sql, rows).await?;
        Ok(())
    }

    pub async fn unpark(&mut self, user: Option<&str>, group: Option<&str>) -> Done {
        let member = match user {
            Some(user) => self.find(USER, user).await?,
            None => None,
        };
        let team = match group {
            Some(group) => self.find(GROUP, group).await?,
            None => None,
        };
        match (user, member, group, team) {
            (Some(_), Some(member), Some(_), Some(team)) => {
                self.run("DELETE FROM parked WHERE member = $1 AND team = $2", params![member, team]).await?
            }
            (Some(_), Some(member), None, _) => {
                self.run("DELETE FROM parked WHERE member = $1", params![member]).await?
            }
            (None, _, Some(_), Some(team)) => {
                self.run("DELETE FROM parked WHERE team = $1", params![team]).await?
            }
            (None, _, None, _) => {
                let sql = "DELETE FROM parked WHERE member IN (SELECT n FROM ident WHERE integration = $1)";
                self.run(sql, params![self.scope]).await?
            }
            // One of them never had a name: nobody waits.
            _ => Vec::new(),
        };
        Ok(())
    }

    pub async fn parked_of(&mut self, user: &str) -> Done<Vec<CompactString>> {
        let hash = self.hash(USER, user);
        let sql = "SELECT t.hash, t.sealed FROM ident i JOIN parked p ON p.member = i.n
            JOIN ident t ON t.n = p.team WHERE i.hash = $1";
        self.ids(sql, params![hash]).await
    }

    pub async fn parked_in(&mut self, group: &str) -> Done<Vec<CompactString>> {
        let hash = self.hash(GROUP, group);
        let sql = "SELECT u.hash, u.sealed FROM ident i JOIN parked p ON p.team = i.n
            JOIN ident u ON u.n = p.member WHERE i.hash = $1";
        self.ids(sql, params![hash]).await
    }

    pub async fn told(&mut self, group: &str) -> Done<Told> {
        let hash = self.hash(GROUP, group);
        // One statement, so that both are of one moment.
        let sql = "SELECT u.hash, u.sealed, t.whole FROM ident i JOIN told t ON t.team = i.n
            LEFT JOIN told_member m ON m.team = t.team LEFT JOIN ident u ON u.n = m.member WHERE i.hash = $1";
        let rows = self.run(sql, params![hash]).await?;
        let mut told = Told::default();
        for row in &rows {
            told.all = row.int(2)? == 1;
            if row.bytes_if_any(0)?.is_some() {
                told.members.insert(self.id(row)?);
            }
        }
        Ok(told)
    }

    pub async fn tell(&mut self, group: &str, change: Option<&GroupChange>) -> Done {
        let Some(change) = change else {
            if let Some(team) = self.find(GROUP, group).await? {
                self.run("DELETE FROM told WHERE team = $1", params![team]).await?;
            }
            return Ok(());
        };
        let team = self.name(GROUP, group).await?;
        if change.replaced {
            self.run("DELETE FROM told WHERE team = $1", params![team]).await?;
        }
        let sql = "INSERT INTO told (team, whole) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.run(sql, params![team, change.replaced]).await?;
        let removed = self.names(USER, &change.removed).await?;
        let rows = removed.into_iter().map(|member| params![team, member]).collect();
        self.tx.each("DELETE FROM told_member WHERE team = $1 AND member = $2", rows).await?;
        let added = self.names(USER, &change.added).await?;
        let rows = added.into_iter().map(|member| params![team, member]).collect();
        let sql = "INSERT INTO told_member (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.tx.each(sql, rows).await?;
        Ok(())
    }

    pub async fn knows_groups(&mut self) -> Done<bool> {
        let sql = "SELECT knows_groups FROM integration WHERE n = $1";
        Ok(self.number(sql, params![self.scope]).await? == Some(1))
    }

    pub async fn learn_groups(&mut self, groups: &[(CompactString, Group)]) -> Done {
        self.run("DELETE FROM team WHERE integration = $1", params![self.scope]).await?;
        for (id, group) in groups {
            let team = self.name(GROUP, id).await?;
            self.rename(team, &group.display_name).await?;
            self.join(team, &group.members).await?;
        }
        self.run("UPDATE integration SET knows_groups = 1 WHERE n = $1", params![self.scope]).await?;
        Ok(())
    }

    pub async fn groups_of(&mut self, user: &str) -> Done<Vec<(CompactString, CompactString)>> {
        let hash = self.hash(USER, user);
        let sql = "SELECT g.hash, g.sealed, t.n, t.sealed FROM ident i JOIN member m ON m.member = i.n
            JOIN team t ON t.n = m.team JOIN ident g ON g.n = t.n WHERE i.hash = $1";
        let rows = self.run(sql, params![hash]).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in &rows {
            groups.push((self.id(row)?, self.team_name(row, 2)?));
        }
        groups.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        Ok(groups)
    }

    pub async fn members_of(&mut self, group: &str) -> Done<Vec<CompactString>> {
        let hash = self.hash(GROUP, group);
        let sql = "SELECT u.hash, u.sealed FROM ident i JOIN member m ON m.team = i.n
            JOIN ident u ON u.n = m.member WHERE i.hash = $1";
        self.ids(sql, params![hash]).await
    }

    pub async fn name_of(&mut self, group: &str) -> Done<Option<CompactString>> {
        let hash = self.hash(GROUP, group);
        let sql = "SELECT t.n, t.sealed FROM ident i JOIN team t ON t.n = i.n WHERE i.hash = $1";
        let rows = self.run(sql, params![hash]).await?;
        rows.first().map(|row| self.team_name(row, 0)).transpose()
    }

    pub async fn learn_group(&mut self, group: &str, now: Option<&Group>) -> Done {
        let was: BTreeSet<CompactString> = self.members_of(group).await?.into_iter().collect();
        let name = self.name_of(group).await?;
        let is: BTreeSet<CompactString> = now.iter().flat_map(|now| now.members.iter().cloned()).collect();
        let renamed = name.as_ref() != now.map(|now| &now.display_name);
        let team = self.name(GROUP, group).await?;
        let loses: Vec<CompactString> =
            was.iter().filter(|user| renamed || !is.contains(*user)).cloned().collect();
        let joins: Vec<CompactString> = is.difference(&was).cloned().collect();
        self.owe(team, &loses, true).await?;
        self.owe(team, &joins, false).await?;
        match now {
            Some(now) => {
                self.rename(team, &now.display_name).await?;
                let leaves: Vec<CompactString> = was.difference(&is).cloned().collect();
                self.leave(team, &leaves).await?;
                self.join(team, &joins).await?;
            }
            None => drop(self.run("DELETE FROM team WHERE n = $1", params![team]).await?),
        }
        if self.knows_groups().await? {
            self.run("DELETE FROM doubtful WHERE n = $1", params![team]).await?;
        }
        Ok(())
    }

    pub async fn change_group(&mut self, group: &str, change: &GroupChange) -> Done {
        let team = self.name(GROUP, group).await?;
        match &change.display_name {
            Some(name) => self.rename(team, name).await?,
            None => {
                let sql = "INSERT INTO team (n, integration) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                self.run(sql, params![team, self.scope]).await?;
            }
        }
        if change.replaced {
            self.run("DELETE FROM member WHERE team = $1", params![team]).await?;
        }
        self.leave(team, &change.removed).await?;
        self.join(team, &change.added).await?;
        self.run("DELETE FROM doubtful WHERE n = $1", params![team]).await?;
        Ok(())
    }

    pub async fn forget_member(&mut self, user: &str) -> Done {
        let Some(member) = self.find(USER, user).await? else { return Ok(()) };
        self.run("DELETE FROM member WHERE member = $1", params![member]).await?;
        self.run("DELETE FROM owed WHERE n = $1", params![member]).await?;
        self.run("DELETE FROM parked WHERE member = $1", params![member]).await?;
        self.run("DELETE FROM told_member WHERE member = $1", params![member]).await?;
        Ok(())
    }

    async fn rename(&mut self, team: i64, name: &str) -> Done {
        let sealed = self.seal("team", team, name.as_bytes())?;
        let sql = "INSERT INTO team (n, integration, sealed) VALUES ($1, $2, $3)
            ON CONFLICT (n) DO UPDATE SET sealed = excluded.sealed";
        self.run(sql, params![team, self.scope, sealed]).await?;
        Ok(())
    }

    async fn join(&mut self, team: i64, members: &[CompactString]) -> Done {
        let members = self.names(USER, members).await?;
        let rows = members.into_iter().map(|member| params![team, member]).collect();
        self.tx
            .each("INSERT INTO member (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING", rows)
            .await?;
        Ok(())
    }

    async fn leave(&mut self, team: i64, members: &[CompactString]) -> Done {
        let rows = members.iter().map(|member| params![team, self.hash(USER, member)]).collect();
        let sql = "DELETE FROM member WHERE team = $1 AND member IN (SELECT n FROM ident WHERE hash = $2)";
        self.tx.each(sql, rows).await?;
        Ok(())
    }

    /// The name of a group whose number and sealed name stand there in a row.
    fn team_name(&self, row: &Row, at: usize) -> Done<CompactString> {
        let Some(sealed) = row.bytes_if_any(at + 1)? else { return Ok(CompactString::default()) };
        let name = self.open("team", row.int(at)?, sealed)?;
        String::from_utf8(name).map(Into::into).map_err(|_| StoreError("a name is not text".to_owned()))
    }
}
