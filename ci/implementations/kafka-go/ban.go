package main

import (
	"encoding/json"
	"time"
)

const (
	banCommand    = "COMMAND_TOPIC_BAN"
	sessionStatus = "EVENT_TOPIC_ACCOUNT_SESSION_STATUS"
	banStatus     = "EVENT_TOPIC_BAN_STATUS"
)

// ban keeps the bans of each tenant.
type ban struct {
	manners manners
	tenants map[tenant]*bans
}

// bans are those of one tenant. Ids count from 1 and are never given again.
type bans struct {
	last   uint32
	exists map[uint32]bool
}

type createBan struct {
	BanType    uint8
	Value      string
	Reason     string
	ReasonCode uint8
	Permanent  bool
	ExpiresAt  int64
	IssuedBy   string
}

type deleteBan struct {
	BanID uint32
}

// sessionChange is what an account service says of a session.
type sessionChange struct {
	SessionID   uuid
	AccountID   uint32
	AccountName string
	Type        string
	Body        json.RawMessage
}

type loggedIn struct {
	IPAddress string
	HWID      string
}

type loginFailed struct {
	Code      string
	Reason    uint8
	Until     uint64
	IPAddress string
	HWID      string
}

type banEvent struct {
	BanID  uint32 `json:"banId"`
	Status string `json:"status"`
}

func (s *ban) group() string    { return "Ban Service" }
func (s *ban) topics() []string { return []string{banCommand, sessionStatus} }

func (s *ban) handle(_ time.Time, of tenant, topic string, value []byte) ([]event, error) {
	if topic == sessionStatus {
		return nil, s.heard(value)
	}
	var command struct {
		Type string
		Body json.RawMessage
	}
	if err := decode(value, &command); err != nil {
		return nil, undecodable(err)
	}
	switch command.Type {
	case "CREATE":
		var create createBan
		if err := decodeBody(command.Body, &create); err != nil {
			return nil, undecodable(err)
		}
		return s.create(of, create), nil
	case "DELETE":
		var remove deleteBan
		if err := decodeBody(command.Body, &remove); err != nil {
			return nil, undecodable(err)
		}
		return s.remove(of, remove.BanID), nil
	}
	return nil, nil
}

func (s *ban) create(of tenant, create createBan) []event {
	if create.Value == "" {
		s.manners.dieOn("ban-value", "index out of range [0] with length 0")
	}
	if create.Value == "" || create.BanType > 2 {
		return nil
	}
	bans := s.of(of)
	bans.last++
	bans.exists[bans.last] = true
	return banEvents(of, bans.last, "CREATED")
}

func (s *ban) remove(of tenant, id uint32) []event {
	bans := s.of(of)
	if !bans.exists[id] {
		return nil
	}
	delete(bans.exists, id)
	return banEvents(of, id, "DELETED")
}

// heard reads what becomes of sessions. The history of logins that it would be kept in is asked for
// by other means than Kafka, and nobody asks here.
func (s *ban) heard(value []byte) error {
	var change sessionChange
	if err := decode(value, &change); err != nil {
		return undecodable(err)
	}
	var err error
	switch change.Type {
	case "CREATED":
		err = decodeBody(change.Body, &loggedIn{})
	case "ERROR":
		err = decodeBody(change.Body, &loginFailed{})
	}
	if err != nil {
		return undecodable(err)
	}
	return nil
}

// due has nothing to do: an expired ban is no event.
func (s *ban) due(time.Time) []event { return nil }

func (s *ban) of(of tenant) *bans {
	if s.tenants[of] == nil {
		s.tenants[of] = &bans{exists: map[uint32]bool{}}
	}
	return s.tenants[of]
}

func banEvents(of tenant, id uint32, status string) []event {
	return []event{{topic: banStatus, tenant: of, value: banEvent{id, status}}}
}
