//! Verbs about groups within groups.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;

use super::book::{Book, GROUP, Space, USER, params};
use crate::groups::Stored;
use crate::store::{Said, StoreError};

type Done<T = ()> = Result<T, StoreError>;

/// One of the lists of a group.
type Part = fn(&mut Stored) -> &mut Vec<CompactString>;

impl Book<'_> {
    pub async fn nested(&mut self) -> Done<Vec<Stored>> {
        let sql = "SELECT n, at_vendor FROM nest WHERE integration = $1";
        let groups = self.run(sql, params![self.scope]).await?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        // Each id is opened once, however many groups it stands in.
        let sql = "SELECT hash, sealed, n FROM ident WHERE integration = $1 AND (space = $2 OR space = $3)";
        let rows = self.run(sql, params![self.scope, GROUP.code(), USER.code()]).await?;
        let mut ids: HashMap<i64, CompactString> = HashMap::with_capacity(rows.len());
        for row in &rows {
            ids.insert(row.int(2)?, self.id(row)?);
        }
        let id = |n: i64| ids.get(&n).cloned().ok_or_else(|| StoreError("a group has no id".to_owned()));
        let mut all: BTreeMap<i64, Stored> = BTreeMap::new();
        for row in &groups {
            let n = row.int(0)?;
            all.insert(n, Stored { id: id(n)?, exported: row.int(1)? == 1, ..Stored::default() });
        }
        let users =
            "SELECT m.team, m.member FROM nest_user m JOIN nest g ON g.n = m.team WHERE g.integration = $1";
        let children =
            "SELECT m.team, m.member FROM nest_edge m JOIN nest g ON g.n = m.team WHERE g.integration = $1";
        let applied = "SELECT m.team, m.member FROM nest_applied m JOIN nest g ON g.n = m.team WHERE g.integration = $1";
        let kinds: [(_, Part); 3] = [
            (users, |group| &mut group.users),
            (children, |group| &mut group.children),
            (applied, |group| &mut group.applied),
        ];
        for (sql, of) in kinds {
            for row in self.run(sql, params![self.scope]).await? {
                if let Some(group) = all.get_mut(&row.int(0)?) {
                    of(group).push(id(row.int(1)?)?);
                }
            }
            all.values_mut().for_each(|group| of(group).sort_unstable());
        }
        let mut all: Vec<Stored> = all.into_values().collect();
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    pub async fn say(&mut self, said: &[Said]) -> Done {
        for said in said {
            match said {
                Said::Group { group } => {
                    let team = self.name(GROUP, group).await?;
                    let sql = "INSERT INTO nest (n, integration, at_vendor) VALUES ($1, $2, 1)
                        ON CONFLICT (n) DO UPDATE SET at_vendor = 1";
                    self.run(sql, params![team, self.scope]).await?;
                }
                Said::User { group, user, is } => {
                    let sql = match is {
                        true => "INSERT INTO nest_user (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        false => "DELETE FROM nest_user WHERE team = $1 AND member = $2",
                    };
                    self.put(sql, group, USER, user).await?;
                }
                Said::Edge { parent, child, is } => {
                    let sql = match is {
                        true => "INSERT INTO nest_edge (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        false => "DELETE FROM nest_edge WHERE team = $1 AND member = $2",
                    };
                    self.put(sql, parent, GROUP, child).await?;
                }
                Said::Applied { group, user, is } => {
                    let sql = match is {
                        true => {
                            "INSERT INTO nest_applied (team, member) VALUES ($1, $2) ON CONFLICT DO NOTHING"
                        }
                        false => "DELETE FROM nest_applied WHERE team = $1 AND member = $2",
                    };
                    self.put(sql, group, USER, user).await?;
                }
                Said::GroupGone { group } => {
                    if let Some(team) = self.find(GROUP, group).await? {
                        self.run("DELETE FROM nest WHERE n = $1", params![team]).await?;
                        self.run("DELETE FROM nest_edge WHERE member = $1", params![team]).await?;
                    }
                }
                Said::UserGone { user } => {
                    if let Some(member) = self.find(USER, user).await? {
                        self.run("DELETE FROM nest_user WHERE member = $1", params![member]).await?;
                        self.run("DELETE FROM nest_applied WHERE member = $1", params![member]).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Says something about a member of a group, which is known from then on.
    async fn put(&mut self, sql: &'static str, group: &str, space: Space, member: &str) -> Done {
        let team = self.name(GROUP, group).await?;
        let member = self.name(space, member).await?;
        let known = "INSERT INTO nest (n, integration, at_vendor) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
        self.run(known, params![team, self.scope]).await?;
        self.run(sql, params![team, member]).await?;
        Ok(())
    }
}
