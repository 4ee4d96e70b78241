package main

import (
	"os"
	"path/filepath"
)

// serviceAccount is the folder of an application's service account, as its pods have it mounted.
func (o *options) serviceAccount(application string) string {
	return o.path("service-accounts", application)
}

// writeServiceAccount gives an application the service account that is trusted, or the one that is not. Charms read the
// token each time they ask Kubernetes for something, so that a change counts from the next hook on.
func (o *options) writeServiceAccount(application string, trusted bool) error {
	if o.accounts == "" {
		return nil
	}
	account := filepath.Join(o.accounts, "untrusted")
	if trusted {
		account = filepath.Join(o.accounts, "trusted")
	}
	folder := o.serviceAccount(application)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"ca.crt", "namespace", "token"} {
		text, err := os.ReadFile(filepath.Join(account, name))
		if err != nil {
			return err
		}
		// By renaming: a reader finds the old token or the new one.
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file+".new", text, 0o600); err != nil {
			return err
		}
		if err := os.Rename(file+".new", file); err != nil {
			return err
		}
	}
	return nil
}
