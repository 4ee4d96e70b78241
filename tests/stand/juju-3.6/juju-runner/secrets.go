package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/juju/names/v5"

	coresecrets "github.com/juju/juju/core/secrets"
	"github.com/juju/juju/rpc/params"
)

// firstSecret is the number in the first identifier that is given away: identifiers count up, so that the same hook
// gets the same ones each time.
const firstSecret = 23*1024 + 4*32 + 16

const digits = "0123456789abcdefghijklmnopqrstuv"

func (c *controller) createSecretURIs(json.RawMessage) (any, error) {
	for {
		n := firstSecret + 16*c.reserved // the last digit counts with one bit only
		c.reserved++
		id := fmt.Sprintf("9m4e2mr0ui3e8a215%c%c%c", digits[n>>10&31], digits[n>>5&31], digits[n&31])
		if c.s.secret(id) == nil {
			return one(params.StringResult{Result: "secret:" + id}), nil
		}
	}
}

// secretMetadata tells of the secrets that our unit manages.
func (c *controller) secretMetadata(json.RawMessage) (any, error) {
	var results params.ListSecretMetadataResults
	for _, x := range c.s.Secrets {
		if !c.s.manages(x) {
			continue
		}
		checksum, err := coresecrets.NewSecretValue(encoded(x.content(x.newest()))).Checksum()
		if err != nil {
			return nil, err
		}
		rotation := x.Rotation
		if rotation == "" {
			rotation = string(coresecrets.RotateNever)
		}
		md := params.ListSecretMetadataResult{
			URI: "secret:" + x.ID, Version: 1, OwnerTag: c.s.ownerTag(x).String(), RotatePolicy: rotation,
			Description: x.Description, Label: x.Label, LatestRevision: x.newest(), LatestRevisionChecksum: checksum,
		}
		for _, r := range c.s.Relations {
			unit, granted := x.Grants[strconv.Itoa(r.ID)]
			if !granted {
				continue
			}
			target := names.NewApplicationTag(r.RemoteApp).String()
			if unit != nil {
				target = names.NewUnitTag(*unit).String()
			}
			md.Access = append(md.Access, params.AccessInfo{
				TargetTag: target, ScopeTag: c.tag(r).String(), Role: coresecrets.RoleView,
			})
		}
		results.Results = append(results.Results, md)
	}
	return results, nil
}

func (c *controller) ownedRevisions(args json.RawMessage) (any, error) {
	var asked params.SecretRevisionArgs
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	found := params.SecretRevisionIDsResult{URI: asked.SecretURIs[0]}
	if x := c.named(asked.SecretURIs[0]); x != nil {
		for revision := range x.Revisions {
			number, _ := strconv.Atoi(revision)
			found.Revisions = append(found.Revisions, number)
		}
	}
	return one(found), nil
}

// secretContent reads a secret, with what that changes: the label and the revision that our unit follows it by.
func (c *controller) secretContent(args json.RawMessage) (any, error) {
	var asked params.GetSecretContentArgs
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	content, failed := c.read(asked.Args[0])
	return one(params.SecretContentResult{Content: params.SecretContentParams{Data: encoded(content)}, Error: failed}), nil
}

func (c *controller) read(asked params.GetSecretContentArg) (bag, *params.Error) {
	x := c.named(asked.URI)
	if asked.URI != "" && x == nil {
		return nil, notFound("secret %q", asked.URI)
	}
	label := asked.Label
	if x == nil {
		for _, other := range c.s.Secrets {
			if other.Owner != "other" && other.Label == label {
				x = other
			}
		}
	}
	ours := x != nil && x.Owner != "other"
	if ours && asked.URI != "" && label != "" && label != x.Label && c.s.manages(x) {
		x.Label = label
	}
	if x == nil {
		for _, other := range c.s.Secrets {
			if other.ConsumerLabel != nil && *other.ConsumerLabel == label {
				x = other
			}
		}
	}
	if x == nil {
		return nil, notFound("consumer label %q", label)
	}
	if !ours && x.Owner == "other" && !x.Readable {
		return nil, denied
	}
	refresh := asked.Refresh || x.Tracked == nil
	if !ours && asked.URI != "" && label != "" {
		if taken := c.labelTaken(x, label); taken != nil {
			return nil, taken
		}
		x.ConsumerLabel = &label
	}
	revision := x.newest()
	if !refresh && !asked.Peek {
		revision = *x.Tracked
	}
	if refresh {
		tracked := x.newest()
		x.Tracked = &tracked
	}
	return x.content(revision), nil
}

// labelTaken is why our unit cannot call a secret so.
func (c *controller) labelTaken(x *secret, label string) *params.Error {
	const reading = "getting latest secret revision: "
	for _, other := range c.s.Secrets {
		switch {
		case other == x:
		case other.ConsumerLabel != nil && *other.ConsumerLabel == label:
			return failure("%ssecret label %q for consumer %q already exists", reading, label, names.NewUnitTag(c.s.Unit))
		case other.Owner == "application" && other.Label == label:
			return failure("%ssecret label %q for application %q already exists", reading, label, c.s.application())
		case other.Owner == "unit" && other.Label == label:
			return failure("%ssecret label %q for owner %q already exists", reading, label, names.NewUnitTag(c.s.Unit))
		}
	}
	return nil
}

// named finds a secret by its URI.
func (c *controller) named(uri string) *secret {
	parsed, err := coresecrets.ParseURI(uri)
	if err != nil {
		return nil
	}
	return c.s.secret(parsed.ID)
}

func notFound(format string, args ...any) *params.Error {
	return &params.Error{Message: fmt.Sprintf(format+" not found", args...), Code: params.CodeNotFound}
}

func failure(format string, args ...any) *params.Error {
	return &params.Error{Message: fmt.Sprintf(format, args...)}
}

// encoded is content as Juju carries it.
func encoded(plain bag) map[string]string {
	data := map[string]string{}
	for key, value := range plain {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return data
}

func decoded(data map[string]string) (bag, error) {
	plain := bag{}
	for key, value := range data {
		bytes, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, err
		}
		plain[key] = string(bytes)
	}
	return plain, nil
}
