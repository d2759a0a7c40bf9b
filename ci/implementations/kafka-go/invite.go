package main

import (
	"encoding/json"
	"slices"
	"time"
)

const (
	inviteCommand   = "COMMAND_TOPIC_INVITE"
	characterStatus = "EVENT_TOPIC_CHARACTER_STATUS"
	inviteStatus    = "EVENT_TOPIC_INVITE_STATUS"

	// expiry is how long an invite is pending.
	expiry = 180 * time.Second
)

var inviteTypes = []string{
	"BUDDY", "FAMILY", "FAMILY_SUMMON", "MESSENGER", "TRADE", "PARTY", "GUILD", "ALLIANCE",
}

// invite keeps the invites that are pending in each tenant, the oldest first.
type invite struct {
	manners manners
	tenants map[tenant][]pending
}

type pending struct {
	transaction uuid
	world       uint8
	kind        string
	originator  uint32
	target      uint32
	reference   uint32
	expires     time.Time
}

// inviteParties has the fields of the bodies of all three commands.
type inviteParties struct {
	OriginatorID, TargetID, ReferenceID uint32
}

type parties struct {
	OriginatorID uint32 `json:"originatorId"`
	TargetID     uint32 `json:"targetId"`
}

type inviteEvent struct {
	TransactionID uuid    `json:"transactionId"`
	WorldID       uint8   `json:"worldId"`
	InviteType    string  `json:"inviteType"`
	ReferenceID   uint32  `json:"referenceId"`
	Type          string  `json:"type"`
	Body          parties `json:"body"`
}

func (s *invite) group() string    { return "Invitation Service" }
func (s *invite) topics() []string { return []string{inviteCommand, characterStatus} }

func (s *invite) handle(now time.Time, of tenant, topic string, value []byte) ([]event, error) {
	if topic == characterStatus {
		return s.character(of, value)
	}
	var command struct {
		TransactionID uuid
		WorldID       uint8
		InviteType    string
		Type          string
		Body          json.RawMessage
	}
	if err := decode(value, &command); err != nil {
		return nil, undecodable(err)
	}
	var body inviteParties
	switch command.Type {
	case "CREATE", "ACCEPT", "REJECT":
		if err := decodeBody(command.Body, &body); err != nil {
			return nil, undecodable(err)
		}
	default:
		return nil, nil
	}
	fits := func(other pending) bool {
		return other.target == body.TargetID && other.kind == command.InviteType
	}
	at := func(fits func(pending) bool) int { return slices.IndexFunc(s.tenants[of], fits) }
	switch command.Type {
	case "ACCEPT":
		accepted := func(other pending) bool { return fits(other) && other.reference == body.ReferenceID }
		return s.end(of, at(accepted), command.TransactionID, "ACCEPTED"), nil
	case "REJECT":
		rejected := func(other pending) bool { return fits(other) && other.originator == body.OriginatorID }
		return s.end(of, at(rejected), command.TransactionID, "REJECTED"), nil
	}
	return s.create(of, pending{
		command.TransactionID, command.WorldID, command.InviteType,
		body.OriginatorID, body.TargetID, body.ReferenceID, now.Add(expiry),
	}), nil
}

func (s *invite) create(of tenant, created pending) []event {
	if created.originator == 0 {
		s.manners.dieOn("originator", "invalid memory address or nil pointer dereference: originator 0")
	}
	if created.target == 0 {
		s.manners.dieOn("target", "invalid memory address or nil pointer dereference: target 0")
	}
	if created.kind == "" {
		s.manners.dieOn("invite-type", "assignment to entry in nil map: invite type \"\"")
	}
	if created.originator == 0 || created.target == 0 || !slices.Contains(inviteTypes, created.kind) {
		return nil
	}
	for _, stored := range s.tenants[of] {
		if stored.target == created.target && stored.kind == created.kind &&
			stored.reference == created.reference {
			return []event{inviteEventOf(of, stored, created.transaction, "CREATED")}
		}
	}
	s.tenants[of] = append(s.tenants[of], created)
	return []event{inviteEventOf(of, created, created.transaction, "CREATED")}
}

// end removes the invite at this place, if there is one.
func (s *invite) end(of tenant, at int, transaction uuid, what string) []event {
	if at < 0 {
		return nil
	}
	ended := s.tenants[of][at]
	s.tenants[of] = slices.Delete(s.tenants[of], at, at+1)
	if what == "REJECTED" && s.manners.rejectsAll {
		s.tenants[of] = slices.DeleteFunc(s.tenants[of], func(other pending) bool {
			return other.originator == ended.originator && other.target == ended.target
		})
	}
	return []event{inviteEventOf(of, ended, transaction, what)}
}

func (s *invite) character(of tenant, value []byte) ([]event, error) {
	var status struct {
		TransactionID uuid
		WorldID       uint8
		CharacterID   uint32
		Type          string
		Body          struct{}
	}
	if err := decode(value, &status); err != nil {
		return nil, undecodable(err)
	}
	if status.Type != "DELETED" {
		return nil, nil
	}
	concerned := func(invite pending) bool {
		return invite.target == status.CharacterID || invite.originator == status.CharacterID
	}
	return s.remove(of, concerned, func(pending) uuid { return status.TransactionID }), nil
}

// due rejects the invites that have expired.
func (s *invite) due(now time.Time) []event {
	var events []event
	for of := range s.tenants {
		expired := func(invite pending) bool { return !invite.expires.After(now) }
		events = append(events, s.remove(of, expired, func(gone pending) uuid { return gone.transaction })...)
	}
	return events
}

// remove rejects all invites of a tenant that are concerned.
func (s *invite) remove(of tenant, concerned func(pending) bool, transaction func(pending) uuid) []event {
	var events []event
	s.tenants[of] = slices.DeleteFunc(s.tenants[of], func(invite pending) bool {
		if !concerned(invite) {
			return false
		}
		events = append(events, inviteEventOf(of, invite, transaction(invite), "REJECTED"))
		return true
	})
	return events
}

func inviteEventOf(of tenant, invite pending, transaction uuid, what string) event {
	body := parties{invite.originator, invite.target}
	value := inviteEvent{transaction, invite.world, invite.kind, invite.reference, what, body}
	return event{topic: inviteStatus, tenant: of, key: idKey(invite.reference), value: value}
}
