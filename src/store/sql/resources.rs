//! Verbs about one resource: what is remembered of it, its ids on both sides, whether it is there.

use std::sync::Arc;

use compact_str::CompactString;

use super::book::{Book, Space, params};
use super::form;
use crate::remainder::Remainder;
use crate::scim::{AttrPath, ResourceType};
use crate::store::{Absent, StoreError, VendorId};

type Done<T = ()> = Result<T, StoreError>;

const SEALED_OF: &str = "SELECT r.n, r.sealed FROM ident i JOIN remainder r ON r.n = i.n WHERE i.hash = $1";

impl Book<'_> {
    pub async fn remainder(&mut self, resource: ResourceType, id: &str) -> Done<Option<Arc<Remainder>>> {
        let hash = self.hash(Space::Own(resource), id);
        let rows = self.run(SEALED_OF, params![hash]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let opened = self.open("remainder", row.int(0)?, row.bytes(1)?)?;
        Ok(Some(Arc::new(form::read_remainder(&opened)?)))
    }

    pub async fn keep(&mut self, resource: ResourceType, id: &str, remainder: &Remainder) -> Done {
        if remainder.is_empty() {
            return match self.find(Space::Own(resource), id).await? {
                Some(n) => self.drop_remainder(n).await,
                None => Ok(()),
            };
        }
        let n = self.name(Space::Own(resource), id).await?;
        self.run("DELETE FROM written WHERE n = $1", params![n]).await?;
        let sealed = self.seal("remainder", n, &form::write_remainder(remainder))?;
        let sql = "INSERT INTO remainder (n, sealed) VALUES ($1, $2)
            ON CONFLICT (n) DO UPDATE SET sealed = excluded.sealed";
        self.run(sql, params![n, sealed]).await?;
        let texts = remainder.texts();
        let rows: Vec<_> =
            texts.map(|(path, text)| params![self.written(resource, &path, &text), n]).collect();
        self.tx.each("INSERT INTO written (hash, n) VALUES ($1, $2) ON CONFLICT DO NOTHING", rows).await?;
        Ok(())
    }

    async fn drop_remainder(&mut self, n: i64) -> Done {
        self.run("DELETE FROM written WHERE n = $1", params![n]).await?;
        self.run("DELETE FROM remainder WHERE n = $1", params![n]).await?;
        Ok(())
    }

    /// What is looked up by, of what was written as an attribute; both in lower case.
    fn written(&self, resource: ResourceType, attribute: &str, text: &str) -> Vec<u8> {
        let (scope, space) = (self.scope.to_be_bytes(), Space::Own(resource).code().to_be_bytes());
        self.seal.hash(&[b"written", &scope, &space, attribute.as_bytes(), text.as_bytes()])
    }

    pub async fn wrote(
        &mut self,
        resource: ResourceType,
        attribute: &AttrPath,
        text: &str,
    ) -> Done<Vec<CompactString>> {
        let hash =
            self.written(resource, &attribute.whole().to_string().to_lowercase(), &text.to_lowercase());
        let sql = "SELECT i.hash, i.sealed FROM written w JOIN ident i ON i.n = w.n WHERE w.hash = $1";
        self.ids(sql, params![hash]).await
    }

    pub async fn forget(&mut self, resource: ResourceType, id: &str) -> Done {
        let Some(n) = self.find(Space::Own(resource), id).await? else { return Ok(()) };
        self.drop_remainder(n).await?;
        self.run("DELETE FROM absent WHERE n = $1", params![n]).await?;
        self.run("DELETE FROM claimed WHERE n = $1", params![n]).await?;
        Ok(())
    }

    pub async fn vendor_ids(
        &mut self,
        resource: ResourceType,
        ids: &[CompactString],
    ) -> Done<Vec<Option<VendorId>>> {
        let sql = "SELECT v.hash, v.sealed FROM ident i JOIN alias a ON a.n = i.n
            JOIN ident v ON v.n = a.vendor WHERE i.hash = $1";
        let all = ids.iter().map(|id| params![self.hash(Space::Own(resource), id)]).collect();
        let found = self.tx.each(sql, all).await?;
        found.iter().map(|rows| rows.first().map(|row| self.vendor_id(row)).transpose()).collect()
    }

    pub async fn own_ids(
        &mut self,
        resource: ResourceType,
        ids: &[VendorId],
    ) -> Done<Vec<Option<CompactString>>> {
        let sql = "SELECT o.hash, o.sealed FROM ident i JOIN alias a ON a.vendor = i.n
            JOIN ident o ON o.n = a.n WHERE i.hash = $1";
        let all = ids.iter().map(|id| params![self.hash(Space::Vendor(resource), &id.0)]).collect();
        let found = self.tx.each(sql, all).await?;
        found.iter().map(|rows| rows.first().map(|row| self.id(row)).transpose()).collect()
    }

    pub async fn bind(&mut self, resource: ResourceType, id: &str, vendor: &VendorId) -> Done {
        let own = self.name(Space::Own(resource), id).await?;
        let other = self.name(Space::Vendor(resource), &vendor.0).await?;
        self.run("DELETE FROM alias WHERE n = $1 OR vendor = $2", params![own, other]).await?;
        if vendor.0 != id {
            // Else as if nothing had ever been remembered.
            self.run("INSERT INTO alias (n, vendor) VALUES ($1, $2)", params![own, other]).await?;
        }
        Ok(())
    }

    pub async fn mint(&mut self, resource: ResourceType, id: &str, vendor: &VendorId) -> Done<CompactString> {
        if let [Some(known)] = &self.own_ids(resource, std::slice::from_ref(vendor)).await?[..] {
            return Ok(known.clone());
        }
        self.bind(resource, id, vendor).await?;
        Ok(id.into())
    }

    pub async fn unbind(&mut self, resource: ResourceType, id: &str) -> Done {
        let hash = self.hash(Space::Own(resource), id);
        let sql = "DELETE FROM alias WHERE n IN (SELECT n FROM ident WHERE hash = $1)";
        self.run(sql, params![hash]).await?;
        Ok(())
    }

    pub async fn absent(&mut self, resource: ResourceType, id: &str) -> Done<Option<Arc<Absent>>> {
        let hash = self.hash(Space::Own(resource), id);
        let sql = "SELECT a.n, a.sealed, a.state FROM ident i JOIN absent a ON a.n = i.n WHERE i.hash = $1";
        let rows = self.run(sql, params![hash]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let opened = self.open("absent", row.int(0)?, row.bytes(1)?)?;
        Ok(Some(Arc::new(form::read_absent(&opened, row.int(2)?)?)))
    }

    pub async fn set_absent(&mut self, resource: ResourceType, id: &str, absent: Option<&Absent>) -> Done {
        let space = Space::Own(resource);
        let Some(absent) = absent else {
            let hash = self.hash(space, id);
            let sql = "DELETE FROM absent WHERE n IN (SELECT n FROM ident WHERE hash = $1)";
            self.run(sql, params![hash]).await?;
            return Ok(());
        };
        let n = self.name(space, id).await?;
        let sealed = self.seal("absent", n, &absent.account.to_bytes())?;
        let sql = "INSERT INTO absent (n, integration, space, state, sealed) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (n) DO UPDATE SET state = excluded.state, sealed = excluded.sealed";
        let state = form::state_code(absent.state);
        self.run(sql, params![n, self.scope, space.code(), state, sealed]).await?;
        Ok(())
    }

    pub async fn has_absent(&mut self, resource: ResourceType) -> Done<bool> {
        let sql = "SELECT n FROM absent WHERE integration = $1 AND space = $2 LIMIT 1";
        self.any(sql, params![self.scope, Space::Own(resource).code()]).await
    }

    pub async fn all_absent(&mut self, resource: ResourceType) -> Done<Vec<(CompactString, Arc<Absent>)>> {
        let sql = "SELECT i.hash, i.sealed, a.n, a.sealed, a.state FROM absent a JOIN ident i ON i.n = a.n
            WHERE a.integration = $1 AND a.space = $2";
        let rows = self.run(sql, params![self.scope, Space::Own(resource).code()]).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let opened = self.open("absent", row.int(2)?, row.bytes(3)?)?;
            all.push((self.id(row)?, Arc::new(form::read_absent(&opened, row.int(4)?)?)));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }

    pub async fn claim(&mut self, resource: ResourceType, id: &str) -> Done {
        let n = self.name(Space::Own(resource), id).await?;
        self.run("INSERT INTO claimed (n) VALUES ($1) ON CONFLICT DO NOTHING", params![n]).await?;
        Ok(())
    }

    pub async fn is_claimed(&mut self, resource: ResourceType, id: &str) -> Done<bool> {
        let hash = self.hash(Space::Own(resource), id);
        self.any("SELECT c.n FROM ident i JOIN claimed c ON c.n = i.n WHERE i.hash = $1", params![hash]).await
    }

    pub async fn bury(&mut self, resource: ResourceType, id: &str) -> Done {
        let space = Space::Own(resource);
        let n = self.name(space, id).await?;
        let sql = "INSERT INTO buried (n, integration, space) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        self.run(sql, params![n, self.scope, space.code()]).await?;
        Ok(())
    }

    pub async fn is_buried(&mut self, resource: ResourceType, id: &str) -> Done<bool> {
        let hash = self.hash(Space::Own(resource), id);
        self.any("SELECT b.n FROM ident i JOIN buried b ON b.n = i.n WHERE i.hash = $1", params![hash]).await
    }

    pub async fn has_buried(&mut self, resource: ResourceType) -> Done<bool> {
        let sql = "SELECT n FROM buried WHERE integration = $1 AND space = $2 LIMIT 1";
        self.any(sql, params![self.scope, Space::Own(resource).code()]).await
    }

    pub async fn unbury(&mut self, resource: ResourceType, id: &str) -> Done {
        let hash = self.hash(Space::Own(resource), id);
        let sql = "DELETE FROM buried WHERE n IN (SELECT n FROM ident WHERE hash = $1)";
        self.run(sql, params![hash]).await?;
        Ok(())
    }
}
