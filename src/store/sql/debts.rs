//! Verbs about groups that are in doubt, and users whose rules must run again for them.

use compact_str::CompactString;

use super::book::{Book, GROUP, USER, params};
use crate::store::{Debt, Doubt, StoreError};

type Done<T = ()> = Result<T, StoreError>;

impl Book<'_> {
    /// Notes that these users owe because of that group; gives those who did not before.
    pub(super) async fn owe(
        &mut self,
        team: i64,
        users: &[CompactString],
        loses: bool,
    ) -> Done<Vec<CompactString>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let members = self.names(USER, users).await?;
        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let sql = "UPDATE integration SET debts = debts + $1 WHERE n = $2 RETURNING debts";
        let last = self.number(sql, params![count, self.scope]).await?.unwrap_or(count);
        let debts = members.iter().zip(last - count + 1..);
        let rows = debts.map(|(n, number)| params![*n, self.scope, loses, number]).collect();
        let sql = "INSERT INTO owed (n, integration, loses, number) VALUES ($1, $2, $3, $4)
            ON CONFLICT (n) DO UPDATE SET number = excluded.number,
            loses = CASE WHEN owed.loses = 1 THEN 1 ELSE excluded.loses END";
        self.tx.each(sql, rows).await?;
        let rows = members.iter().map(|member| params![*member, team]).collect();
        let sql =
            "INSERT INTO owed_for (member, team) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING member";
        let new = self.tx.each(sql, rows).await?;
        let new = users.iter().zip(new).filter(|(_, rows)| !rows.is_empty());
        Ok(new.map(|(user, _)| user.clone()).collect())
    }

    pub async fn doubt(
        &mut self,
        group: &str,
        losing: &[CompactString],
        others: &[CompactString],
    ) -> Done<Doubt> {
        let team = self.name(GROUP, group).await?;
        let known = self.any("SELECT n FROM team WHERE n = $1", params![team]).await?;
        let sql = "INSERT INTO doubtful (n, integration) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING n";
        let doubted = !self.any(sql, params![team, self.scope]).await?;
        let mut new = self.owe(team, losing, true).await?;
        new.extend(self.owe(team, others, false).await?);
        Ok(Doubt { known, doubted, new })
    }

    pub async fn take_back(&mut self, group: &str, doubt: &Doubt) -> Done {
        let team = self.name(GROUP, group).await?;
        if !doubt.doubted {
            self.run("DELETE FROM doubtful WHERE n = $1", params![team]).await?;
        }
        let members = self.names(USER, &doubt.new).await?;
        let rows = members.iter().map(|member| params![*member, team]).collect();
        self.tx.each("DELETE FROM owed_for WHERE member = $1 AND team = $2", rows).await?;
        let rows = members.iter().map(|member| params![*member]).collect();
        let sql =
            "DELETE FROM owed WHERE n = $1 AND NOT EXISTS (SELECT 1 FROM owed_for f WHERE f.member = owed.n)";
        self.tx.each(sql, rows).await?;
        Ok(())
    }

    pub async fn doubtful(&mut self) -> Done<Vec<CompactString>> {
        let sql =
            "SELECT i.hash, i.sealed FROM doubtful d JOIN ident i ON i.n = d.n WHERE d.integration = $1";
        self.ids(sql, params![self.scope]).await
    }

    pub async fn owed(&mut self, group: Option<&str>) -> Done<Vec<Debt>> {
        let rows = match group {
            None => {
                let sql = "SELECT i.hash, i.sealed, o.loses, o.number FROM owed o JOIN ident i ON i.n = o.n
                    WHERE o.integration = $1 ORDER BY o.loses DESC, o.number";
                self.run(sql, params![self.scope]).await?
            }
            Some(group) => {
                let hash = self.hash(GROUP, group);
                let sql = "SELECT i.hash, i.sealed, o.loses, o.number FROM ident g
                    JOIN owed_for f ON f.team = g.n JOIN owed o ON o.n = f.member JOIN ident i ON i.n = o.n
                    WHERE g.hash = $1 ORDER BY o.loses DESC, o.number";
                self.run(sql, params![hash]).await?
            }
        };
        let debt = |row| -> Done<Debt> { self.debt_in(self.id(row)?, row, 2) };
        rows.iter().map(debt).collect()
    }

    pub async fn debt(&mut self, user: &str) -> Done<Option<Debt>> {
        let hash = self.hash(USER, user);
        let sql = "SELECT o.loses, o.number FROM ident i JOIN owed o ON o.n = i.n WHERE i.hash = $1";
        let rows = self.run(sql, params![hash]).await?;
        rows.first().map(|row| self.debt_in(user.into(), row, 0)).transpose()
    }

    pub async fn settle(&mut self, debt: &Debt) -> Done {
        let hash = self.hash(USER, &debt.user);
        let number = i64::try_from(debt.number).unwrap_or(i64::MAX);
        let sql = "DELETE FROM owed WHERE number = $1 AND n IN (SELECT n FROM ident WHERE hash = $2)";
        self.run(sql, params![number, hash]).await?;
        Ok(())
    }

    fn debt_in(&self, user: CompactString, row: &super::tx::Row, at: usize) -> Done<Debt> {
        let number = u64::try_from(row.int(at + 1)?).unwrap_or_default();
        Ok(Debt { user, loses: row.int(at)? == 1, number })
    }
}
