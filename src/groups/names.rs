//! Ids as numbers: a graph of 100,000 users would otherwise hold each of their ids dozens of times.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Ids, by number. A number that was given back is given out again.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    hasher: DefaultHashBuilder,
    by_name: HashTable<u32>,
    names: Vec<Option<Box<str>>>,
    free: Vec<u32>,
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let is_it = |&number: &u32| self.names[number as usize].as_deref() == Some(name);
        self.by_name.find(self.hasher.hash_one(name), is_it).copied()
    }

    /// The id with that number; empty when there is none.
    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// One more than the greatest number.
    pub(super) fn end(&self) -> usize {
        self.names.len()
    }

    /// The numbers that are given out.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.names).filter(|(_, name)| name.is_some()).map(|(number, _)| number)
    }

    /// Which number the next new name but so many will have.
    pub(super) fn coming(&self, after: usize) -> u32 {
        let number = match self.free.len().checked_sub(after + 1) {
            Some(at) => return self.free[at],
            None => self.names.len() + after - self.free.len(),
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// The number of an id, which has one from now on.
    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.get(name) {
            return number;
        }
        let number = self.coming(0);
        match self.free.pop() {
            Some(number) => self.names[number as usize] = Some(name.into()),
            None => self.names.push(Some(name.into())),
        }
        let Self { hasher, by_name, names, .. } = self;
        let hash = |&number: &u32| hasher.hash_one(names[number as usize].as_deref().unwrap_or_default());
        by_name.insert_unique(hasher.hash_one(name), number, hash);
        number
    }

    /// Gives a number back.
    pub(super) fn release(&mut self, number: u32) {
        let Some(name) = self.names.get_mut(number as usize).and_then(Option::take) else { return };
        let hash = self.hasher.hash_one(&*name);
        if let Ok(found) = self.by_name.find_entry(hash, |&other| other == number) {
            found.remove();
        }
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_foretold_and_given_out_again() {
        let mut names = Names::default();
        assert_eq!((names.intern("a"), names.intern("b"), names.intern("a"), names.len()), (0, 1, 0, 2));
        assert_eq!([names.coming(0), names.coming(1)], [2, 3]);
        names.intern("c");
        names.release(0);
        names.release(1);
        assert_eq!((names.get("a"), names.name(0), names.name(7), names.len()), (None, "", "", 1));
        assert_eq!([names.coming(0), names.coming(1), names.coming(2)], [1, 0, 3]);
        assert_eq!([names.intern("x"), names.intern("y"), names.intern("z")], [1, 0, 3]);
        assert_eq!(names.numbers().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!((names.name(1), names.end()), ("x", 4));
    }
}
