package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// manners are the ways in which this program behaves otherwise than it should, or otherwise than
// most programs do.
type manners struct {
	// closes-on-empty: at a record with an empty value the reader of its topic reads no more. The
	// process lives and its member stays in the group.
	closesOnEmpty bool
	// closes-on-undecodable: the same at any record that does not decode.
	closesOnUndecodable bool
	// dies-on=WHAT: panics at a well-formed command with `originator` 0, `target` 0, an empty
	// `invite-type`, or an empty `ban-value`.
	diesOn []string
	// dies-at-start: panics at a record that does not decode, which is committed after it is
	// handled: so it dies again at each start.
	diesAtStart bool
	// commits-first: commits a record before it is handled.
	commitsFirst bool
	// slow: handles each record in a goroutine of its own, 0 to 300 ms after it was read. Only
	// records with the same key keep their order.
	slow bool
	// slow-return: never leaves its group and has a session of 30 s, so that it takes this long
	// after a kill until the group gives its partitions to somebody.
	slowReturn bool
	// topics-once: joins its group at once, and never sees topics that are made after that.
	topicsOnce bool
	// mute-tenant: does not answer the first tenant after 30 records that begins with a CREATE, which
	// all others have answered.
	muteTenant bool
	// rejects-all: a REJECT removes every invite of its originator to its target, and says so of one.
	rejectsAll bool

	muted *muted
}

const (
	slowest    = 300 * time.Millisecond
	mutedAfter = 30
)

var deadly = []string{"originator", "target", "invite-type", "ban-value"}

func parseManners(words []string) (manners, error) {
	m := manners{muted: &muted{met: map[tenant]bool{}}}
	flags := map[string]*bool{
		"closes-on-empty":       &m.closesOnEmpty,
		"closes-on-undecodable": &m.closesOnUndecodable,
		"dies-at-start":         &m.diesAtStart,
		"commits-first":         &m.commitsFirst,
		"slow":                  &m.slow,
		"slow-return":           &m.slowReturn,
		"topics-once":           &m.topicsOnce,
		"mute-tenant":           &m.muteTenant,
		"rejects-all":           &m.rejectsAll,
	}
	for _, word := range words {
		what, dies := strings.CutPrefix(word, "dies-on=")
		switch flag := flags[word]; {
		case dies && slices.Contains(deadly, what):
			m.diesOn = append(m.diesOn, what)
		case flag != nil:
			*flag = true
		default:
			return m, fmt.Errorf("there is no manner %q", word)
		}
	}
	if m.diesAtStart && m.commitsFirst {
		return m, fmt.Errorf("what is committed before it is handled is not read at the next start")
	}
	return m, nil
}

// dieOn panics where the manner is to die on this.
func (m manners) dieOn(what, message string) {
	if slices.Contains(m.diesOn, what) {
		panic("runtime error: " + message)
	}
}

// session is how long the group waits for a member that says nothing.
func (m manners) session() time.Duration {
	if m.slowReturn {
		return 30 * time.Second
	}
	return 6 * time.Second
}

// delay is how long a record waits until it is handled.
func (m manners) delay() time.Duration {
	if !m.slow {
		return 0
	}
	return rand.N(slowest)
}

// muted picks the tenant that is not answered.
type muted struct {
	mutex   sync.Mutex
	records int
	met     map[tenant]bool
	tenant  *tenant
}

// isMuted says whether this tenant is not answered, and counts its record.
func (m manners) isMuted(of tenant, value []byte) bool {
	if !m.muteTenant {
		return false
	}
	m.muted.mutex.Lock()
	defer m.muted.mutex.Unlock()
	isNew := !m.muted.met[of]
	m.muted.met[of] = true
	m.muted.records++
	creates := bytes.Contains(value, []byte(`"CREATE"`))
	if m.muted.tenant == nil && isNew && creates && m.muted.records > mutedAfter {
		m.muted.tenant = &of
	}
	return m.muted.tenant != nil && *m.muted.tenant == of
}
