//! Settings on their way to be complete.

use std::collections::BTreeMap;

use klamm_settings::{BadValue, ConfigError, Origin, Setting, base_key};

/// The settings found so far, by key, and what their authors should know.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    settings: BTreeMap<String, Setting>,
    pub notes: Vec<String>,
}

impl Draft {
    pub fn put(&mut self, setting: Setting) {
        self.settings.insert(setting.key.clone(), setting);
    }

    /// Sets what a variable says.
    pub fn put_variable(&mut self, key: &str, value: &str, name: &str) {
        self.put(Setting::new(key, value, Origin::Variable { name: name.to_owned() }));
    }

    /// Sets what an image holds for good, unless somebody set it.
    pub fn fill(&mut self, key: &str, value: &str) {
        if !self.has(key) {
            self.put(Setting::new(key, value, Origin::Image));
        }
    }

    /// Sets what follows from the setting of `source`.
    pub fn derive(&mut self, key: &str, value: &str, source: &str) {
        let origin = match self.settings.get(source) {
            // What follows from a default is one; what follows from what follows, follows.
            Some(Setting { origin: Origin::Image, .. }) | None => Origin::Image,
            Some(Setting { origin: origin @ Origin::Derived { .. }, .. }) => origin.clone(),
            Some(setting) => derived(setting),
        };
        self.put(Setting::new(key, value, origin));
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(|setting| setting.value.as_str())
    }

    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.settings.contains_key(key)
    }

    pub fn remove(&mut self, key: &str) -> Option<Setting> {
        self.settings.remove(key)
    }

    /// The items of a list that is set.
    pub fn items(&self, key: &str) -> Vec<String> {
        let text = self.get(key).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    pub fn keys(&self) -> Vec<String> {
        self.settings.keys().cloned().collect()
    }

    /// Says something about the setting of `key`, which begins with that setting as its author wrote it.
    pub fn note_on(&mut self, key: &str, text: &str) {
        let Some(setting) = self.settings.get(key) else { return };
        let line = format!("{}: {text}", written(setting));
        self.notes.push(line);
    }

    /// The complaint that the setting of `key` cannot stand.
    pub fn fault(&self, key: &str, problem: &str) -> ConfigError {
        let unset = Setting::new(key, "", Origin::Default);
        let setting = self.settings.get(key).unwrap_or(&unset);
        fault(setting.origin.clone(), key, &setting.value, problem)
    }

    pub fn into_settings(self) -> Vec<Setting> {
        self.settings.into_values().collect()
    }
}

/// The origin of what follows from `setting`.
pub(crate) fn derived(setting: &Setting) -> Origin {
    Origin::Derived { from: Box::new(setting.origin.clone()), key: setting.key.clone(), value: setting.value.clone() }
}

/// A setting as its author wrote it, without its value if that is a secret.
pub(crate) fn written(setting: &Setting) -> String {
    let secret = base_key(&setting.key).is_some_and(klamm_settings::Key::sensitive);
    setting.origin.written(&setting.key, if secret { "[hidden]" } else { &setting.value })
}

/// The complaint about a value.
pub(crate) fn fault(origin: Origin, key: &str, value: &str, problem: &str) -> ConfigError {
    ConfigError::Value(Box::new(BadValue {
        origin,
        key: key.to_owned(),
        value: value.to_owned(),
        problem: problem.to_owned(),
        allowed: None,
    }))
}
