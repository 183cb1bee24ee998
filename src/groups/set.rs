//! A set of numbers, as a sorted list: most of them have a handful of elements, for which nothing is smaller or quicker.

/// Numbers, each once, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<u32>);

impl Set {
    pub(super) const EMPTY: Self = Self(Vec::new());

    /// The set of these, in any order.
    pub(super) fn of(mut items: Vec<u32>) -> Self {
        items.sort_unstable();
        items.dedup();
        items.shrink_to_fit();
        Self(items)
    }

    pub(super) fn contains(&self, item: u32) -> bool {
        self.0.binary_search(&item).is_ok()
    }

    /// Puts it in; whether it was not there.
    pub(super) fn insert(&mut self, item: u32) -> bool {
        match self.0.binary_search(&item) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, item);
                true
            }
        }
    }

    /// Takes it out; whether it was there.
    pub(super) fn remove(&mut self, item: u32) -> bool {
        match self.0.binary_search(&item) {
            Ok(at) => {
                self.0.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// Puts it in, or takes it out.
    pub(super) fn set(&mut self, item: u32, is_in: bool) {
        if is_in {
            self.insert(item)
        } else {
            self.remove(item)
        };
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        &self.0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// What is in this set and not in the other.
    pub(super) fn minus(&self, other: &Self) -> Vec<u32> {
        let (mut left, mut at) = (Vec::new(), 0);
        for &item in &self.0 {
            while other.0.get(at).is_some_and(|&known| known < item) {
                at += 1;
            }
            if other.0.get(at) != Some(&item) {
                left.push(item);
            }
        }
        left
    }

    /// Puts in what is sorted, and not in it yet.
    pub(super) fn extend(&mut self, new: &[u32]) {
        if let [one] = new {
            self.insert(*one);
            return;
        }
        let mut all = Vec::with_capacity(self.0.len() + new.len());
        let (mut old, mut new) = (self.iter().peekable(), new.iter().copied().peekable());
        while let (Some(a), Some(b)) = (old.peek(), new.peek()) {
            all.extend(if a < b { old.next() } else { new.next() });
        }
        all.extend(old);
        all.extend(new);
        self.0 = all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_what_sets_are() {
        let mut set = Set::of(vec![5, 1, 5, 3]);
        assert_eq!(set.as_slice(), [1, 3, 5]);
        assert!(set.contains(3) && !set.contains(4) && set.insert(4) && !set.insert(4));
        assert!(set.remove(1) && !set.remove(1));
        assert_eq!(set.minus(&Set::of(vec![0, 4, 9])), [3, 5]);
        assert_eq!(Set::default().minus(&set), [0_u32; 0]);
        set.extend(&[0, 1, 9]);
        assert_eq!(set.as_slice(), [0, 1, 3, 4, 5, 9]);
        set.extend(&[2]);
        set.set(9, false);
        assert_eq!(set.as_slice(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(set.len(), 6);
    }
}
