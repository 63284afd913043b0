//! A map that cannot grow without end: beyond its bounds, what was used longest ago goes.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;

/// At most so many entries, which together weigh at most so much (bytes, as the caller counts them).
pub(crate) struct Bounded<K, V> {
    max_entries: usize,
    max_weight: usize,
    weight: usize,
    entries: HashMap<K, Entry<V>>,
    /// The same keys by when they were used.
    by_use: BTreeMap<u64, K>,
    uses: u64,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    pub(crate) fn new(max_entries: usize, max_weight: usize) -> Self {
        Self { max_entries, max_weight, weight: 0, entries: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// What is kept under this key, which is thereby used.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get_mut(key)?;
        if let Some(key) = self.by_use.remove(&entry.used) {
            self.uses += 1;
            entry.used = self.uses;
            self.by_use.insert(self.uses, key);
        }
        Some(&entry.value)
    }

    /// Keeps a value, in place of the one before; whether it did: not if it weighs more than all may together.
    pub(crate) fn put(&mut self, key: K, value: V, weight: usize) -> bool {
        self.remove(&key);
        if weight > self.max_weight || self.max_entries == 0 {
            return false;
        }
        while self.entries.len() >= self.max_entries || self.weight > self.max_weight - weight {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.weight -= entry.weight;
            }
        }
        self.uses += 1;
        self.weight += weight;
        self.by_use.insert(self.uses, key.clone());
        self.entries.insert(key, Entry { value, weight, used: self.uses });
        true
    }

    /// Takes out what is kept under this key.
    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.remove(key)?;
        self.by_use.remove(&entry.used);
        self.weight -= entry.weight;
        Some(entry.value)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<K, V> fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} entries, {} of {} bytes",
            self.entries.len(),
            self.max_entries,
            self.weight,
            self.max_weight
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn the_one_used_longest_ago_goes() {
        let mut map = Bounded::new(2, 100);
        assert!(map.put("a", 1, 1) && map.put("b", 2, 1));
        assert_eq!(map.get("a"), Some(&1));
        assert!(map.put("c", 3, 1));
        assert_eq!(map.get("a"), Some(&1));
        assert_eq!(map.len(), 2);
        assert_eq!(map.get("b"), None);
    }

    #[test]
    fn weight_is_bounded() {
        let mut map = Bounded::new(10, 10);
        assert!(!map.put("heavy", 0, 11));
        assert!(map.put("a", 1, 5) && map.put("b", 2, 5));
        assert!(map.put("b", 3, 5), "the value before does not count");
        assert_eq!(map.len(), 2);
        assert!(map.put("c", 4, 6));
        assert_eq!(map.get("c"), Some(&4));
        assert_eq!(map.len(), 1);
        assert_eq!(map.remove("c"), Some(4));
        assert!(map.put("d", 5, 10));
    }
}
