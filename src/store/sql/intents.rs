//! Verbs about changes that were accepted and are not known to be done.

use super::book::{Book, Space, params};
use super::form;
use super::tx::Row;
use crate::scim::request::Request;
use crate::store::StoreError;
use crate::store::intent::{Intent, Named, Target};

type Done<T = ()> = Result<T, StoreError>;

impl Book<'_> {
    /// What the changes of a resource are found by.
    fn target(&self, target: &Target) -> Vec<u8> {
        let (kind, name) = match &target.named {
            Named::Id(id) => (&b"id"[..], id.as_bytes()),
            Named::Name(name) => (&b"name"[..], name.as_bytes()),
        };
        let (scope, space) = (self.scope.to_be_bytes(), Space::Own(target.resource).code().to_be_bytes());
        self.seal.hash(&[b"intent", &scope, &space, kind, name])
    }

    pub async fn intend(
        &mut self,
        target: &Target,
        request: &Request,
        revokes: bool,
        since: i64,
    ) -> Done<u64> {
        let hash = self.target(target);
        // Sealed for the place that it gets.
        let sql = "INSERT INTO intent (integration, target, revokes, tries, since, sealed)
            VALUES ($1, $2, $3, 0, $4, $5) RETURNING n";
        let nothing: Vec<u8> = Vec::new();
        let n = self.number(sql, params![self.scope, hash, revokes, since, nothing]).await?;
        let n = n.ok_or_else(|| StoreError("an intent was not written".to_owned()))?;
        let sealed = self.seal("intent", n, &form::write_request(request))?;
        self.run("UPDATE intent SET sealed = $1 WHERE n = $2", params![sealed, n]).await?;
        Ok(u64::try_from(n).unwrap_or_default())
    }

    pub async fn intents_for(&mut self, target: &Target) -> Done<Vec<Intent>> {
        let hash = self.target(target);
        let sql = "SELECT n, sealed, revokes, tries, since, parked FROM intent WHERE target = $1 ORDER BY n";
        let rows = self.run(sql, params![hash]).await?;
        rows.iter().map(|row| self.intent(row)).collect()
    }

    pub async fn intents(&mut self) -> Done<Vec<Intent>> {
        let sql = "SELECT n, sealed, revokes, tries, since, parked FROM intent WHERE integration = $1
            ORDER BY revokes DESC, n";
        let rows = self.run(sql, params![self.scope]).await?;
        rows.iter().map(|row| self.intent(row)).collect()
    }

    pub async fn tried(&mut self, number: u64, tries: u32, parked: bool) -> Done {
        let sql = "UPDATE intent SET tries = $1, parked = $2 WHERE n = $3";
        self.run(sql, params![i64::from(tries), parked, key(number)]).await?;
        Ok(())
    }

    pub async fn fulfil(&mut self, numbers: &[u64]) -> Done {
        let rows = numbers.iter().map(|number| params![key(*number)]).collect();
        self.tx.each("DELETE FROM intent WHERE n = $1", rows).await?;
        Ok(())
    }

    fn intent(&self, row: &Row) -> Done<Intent> {
        let n = row.int(0)?;
        let request = form::read_request(&self.open("intent", n, row.bytes(1)?)?)?;
        Ok(Intent {
            number: u64::try_from(n).unwrap_or_default(),
            request,
            revokes: row.int(2)? == 1,
            tries: u32::try_from(row.int(3)?).unwrap_or_default(),
            since: row.int(4)?,
            parked: row.int(5)? == 1,
        })
    }
}

fn key(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
