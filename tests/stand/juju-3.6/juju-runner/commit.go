package main

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/juju/names/v5"

	"github.com/juju/juju/core/network"
	"github.com/juju/juju/rpc/params"
)

// commit takes over what a hook has changed, in the order of apiserver/facades/agent/uniter: secrets one by one, then
// all the rest together.
func (c *controller) commit(args json.RawMessage) (any, error) {
	var asked params.CommitHookChangesArgs
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	changes := asked.Args[0]
	for _, port := range changes.OpenPorts {
		if port.Protocol == "icmp" {
			return one(params.ErrorResult{Error: &params.Error{
				Message: "protocol icmp on caas models not supported", Code: params.CodeNotSupported,
			}}), nil
		}
	}
	if failed, err := c.commitSecrets(changes); failed != nil || err != nil {
		return one(params.ErrorResult{Error: failed}), err
	}
	if set := changes.SetUnitState; set != nil && set.CharmState != nil {
		size := 0
		for key, value := range *set.CharmState {
			size += len(key) + len(value)
		}
		if size > largestState {
			return one(params.ErrorResult{Error: failure("max allowed size (%d) exceeded %d", largestState, size)}), nil
		}
		c.s.Stored = *set.CharmState
	}
	for _, settings := range changes.RelationUnitSettings {
		r := c.tagged(settings.Relation)
		r.LocalUnit = edited(r.LocalUnit, settings.Settings)
		r.LocalApp = edited(r.LocalApp, settings.ApplicationSettings)
	}
	for _, port := range changes.OpenPorts {
		text := portText(port)
		if !slices.Contains(c.s.OpenedPorts, text) {
			c.s.OpenedPorts = append(c.s.OpenedPorts, text)
		}
	}
	for _, port := range changes.ClosePorts {
		text := portText(port)
		c.s.OpenedPorts = slices.DeleteFunc(c.s.OpenedPorts, func(other string) bool { return other == text })
	}
	slices.Sort(c.s.OpenedPorts)
	return one(params.ErrorResult{}), nil
}

// largestState is what a charm may keep with the controller, in bytes.
const largestState = 2 * 1024 * 1024

func portText(port params.EntityPortRange) string {
	return network.PortRange{FromPort: port.FromPort, ToPort: port.ToPort, Protocol: port.Protocol}.String()
}

func edited(old bag, edits params.Settings) bag {
	if old == nil {
		old = bag{}
	}
	for key, value := range edits {
		if value == "" {
			delete(old, key)
		} else {
			old[key] = value
		}
	}
	return old
}

func (c *controller) commitSecrets(changes params.CommitHookChangesArg) (*params.Error, error) {
	for _, arg := range changes.SecretCreates {
		if failed, err := c.createSecret(arg); failed != nil || err != nil {
			return annotated("creating secrets", failed), err
		}
	}
	for _, arg := range changes.SecretUpdates {
		x, failed := c.managed(arg.URI)
		if failed != nil {
			return annotated("updating secrets", failed), nil
		}
		if err := x.update(arg.UpsertSecretArg); err != nil {
			return nil, err
		}
	}
	for _, uri := range changes.TrackLatest {
		if x := c.named(uri); x != nil {
			newest := x.newest()
			x.Tracked = &newest
		}
	}
	for _, arg := range changes.SecretGrants {
		x, failed := c.managed(arg.URI)
		if failed != nil {
			return annotated("granting secrets access", failed), nil
		}
		r := c.tagged(arg.ScopeTag)
		subject, err := names.ParseTag(arg.SubjectTags[0])
		if err != nil {
			return nil, err
		}
		if x.Grants == nil {
			x.Grants = map[string]*string{}
		}
		x.Grants[strconv.Itoa(r.ID)] = unitOf(subject)
	}
	for _, arg := range changes.SecretRevokes {
		x, failed := c.managed(arg.URI)
		if failed != nil {
			return annotated("revoking secrets access", failed), nil
		}
		for _, r := range c.s.Relations {
			target := names.NewApplicationTag(r.RemoteApp).String()
			unit, granted := x.Grants[strconv.Itoa(r.ID)]
			if granted && unit != nil {
				target = names.NewUnitTag(*unit).String()
			}
			if granted && slices.Contains(arg.SubjectTags, target) {
				delete(x.Grants, strconv.Itoa(r.ID))
			}
		}
	}
	return c.deleteSecrets(changes.SecretDeletes)
}

func (c *controller) createSecret(arg params.CreateSecretArg) (*params.Error, error) {
	owner, err := names.ParseTag(arg.OwnerTag)
	if err != nil {
		return nil, err
	}
	x := &secret{ID: (*arg.URI)[len("secret:"):], Owner: owner.Kind(), Revisions: map[string]bag{}, Grants: map[string]*string{}}
	if arg.Label != nil {
		if failed := c.ownerLabelTaken(owner, *arg.Label); failed != nil {
			return failed, nil
		}
	}
	c.s.Secrets = append(c.s.Secrets, x)
	return nil, x.update(arg.UpsertSecretArg)
}

// ownerLabelTaken is why a secret of owner cannot be called so.
func (c *controller) ownerLabelTaken(owner names.Tag, label string) *params.Error {
	for _, other := range c.s.Secrets {
		consumed := other.ConsumerLabel != nil && *other.ConsumerLabel == label
		owned := other.Owner != "other" && other.Label == label
		switch {
		case owned && c.s.ownerTag(other) == owner:
			return failure("secret label %q for owner %q already exists", label, owner)
		case consumed && owner.Kind() == names.UnitTagKind:
			return failure("secret label %q for consumer %q already exists", label, owner)
		case (consumed || owned) && owner.Kind() == names.ApplicationTagKind:
			return failure("secret label %q for a unit of application %q already exists", label, owner.Id())
		case owned:
			return failure("secret label %q for application %q already exists", label, c.s.application())
		}
	}
	return nil
}

func (x *secret) update(arg params.UpsertSecretArg) error {
	if len(arg.Content.Data) > 0 {
		content, err := decoded(arg.Content.Data)
		if err != nil {
			return err
		}
		x.Revisions[strconv.Itoa(x.newest()+1)] = content
	}
	if arg.Label != nil {
		x.Label = *arg.Label
	}
	if arg.Description != nil {
		x.Description = *arg.Description
	}
	if arg.RotatePolicy != nil {
		x.Rotation = string(*arg.RotatePolicy)
	}
	return nil
}

func (c *controller) deleteSecrets(deletes []params.DeleteSecretArg) (*params.Error, error) {
	for _, arg := range deletes {
		x, failed := c.managed(arg.URI)
		if failed != nil && failed.Code == params.CodeNotFound {
			continue
		}
		if failed != nil {
			return annotated("removing secrets", failed), nil
		}
		for _, revision := range arg.Revisions {
			delete(x.Revisions, strconv.Itoa(revision))
		}
		if len(arg.Revisions) == 0 || len(x.Revisions) == 0 {
			c.s.Secrets = slices.DeleteFunc(c.s.Secrets, func(other *secret) bool { return other == x })
		}
	}
	return nil, nil
}

// managed finds a secret that our unit may change.
func (c *controller) managed(uri string) (*secret, *params.Error) {
	x := c.named(uri)
	if x == nil {
		return nil, notFound("secret %q", uri)
	}
	if !c.s.manages(x) {
		return nil, denied
	}
	return x, nil
}

func unitOf(subject names.Tag) *string {
	if subject.Kind() != names.UnitTagKind {
		return nil
	}
	name := subject.Id()
	return &name
}

func annotated(doing string, failed *params.Error) *params.Error {
	if failed == nil {
		return nil
	}
	return &params.Error{Message: doing + ": " + failed.Message, Code: failed.Code}
}
