// Command kafka-go is a service on segmentio/kafka-go, against which `quintet verify` is tried. It
// reads and writes as services in the field do, and has one fault or another.
//
//	kafka-go SERVICE [group=NAME] [data=FILE] [MANNER…]
//
// SERVICE is `ban` or `invite`. State is in memory, or with `data` kept in a file. The manners stand
// at the type manners. BOOTSTRAP_SERVERS has the broker's address; topics are named by the
// documented environment variables, and by the name of the variable where it is not set.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
)

// A service is a state machine: it gets records with the time, and says what is to be emitted.
type service interface {
	// group is the documented consumer group.
	group() string
	// topics are those that it reads, by their documented names.
	topics() []string
	handle(now time.Time, of tenant, topic string, value []byte) ([]event, error)
	// due does what is due by now.
	due(now time.Time) []event
}

// An event is emitted once the service has changed its state.
type event struct {
	topic  string
	tenant tenant
	key    []byte
	value  any
}

// errUndecodable is why a record is skipped that is not what its topic carries.
var errUndecodable = errors.New("the record does not decode")

func undecodable(why error) error { return fmt.Errorf("%w: %w", errUndecodable, why) }

// A program runs one service.
type program struct {
	name    string
	brokers []string
	group   string
	manners manners
	writer  *kafka.Writer

	mutex   sync.Mutex
	service service
	store   *store
}

const (
	// sweep is how often is looked for what is due.
	sweep = 5 * time.Second
	// look is how often is looked for topics that are not there yet.
	look = 250 * time.Millisecond
)

func newService(name string, manners manners) (service, error) {
	switch name {
	case "ban":
		return &ban{manners, map[tenant]*bans{}}, nil
	case "invite":
		return &invite{manners, map[tenant][]pending{}}, nil
	}
	return nil, fmt.Errorf("there is no service %q: there are ban and invite", name)
}

func newProgram(args []string) (*program, error) {
	if len(args) == 0 {
		return nil, errors.New("which service? ban or invite")
	}
	var group, data string
	var words []string
	for _, arg := range args[1:] {
		if name, ok := strings.CutPrefix(arg, "group="); ok {
			group = name
		} else if file, ok := strings.CutPrefix(arg, "data="); ok {
			data = file
		} else {
			words = append(words, arg)
		}
	}
	manners, err := parseManners(words)
	if err != nil {
		return nil, err
	}
	service, err := newService(args[0], manners)
	if err != nil {
		return nil, err
	}
	if group == "" {
		group = service.group()
	}
	brokers := os.Getenv("BOOTSTRAP_SERVERS")
	if brokers == "" {
		return nil, errors.New("BOOTSTRAP_SERVERS names no broker")
	}
	store, err := openStore(data, service)
	if err != nil {
		return nil, err
	}
	program := &program{
		name:    args[0],
		brokers: strings.Split(brokers, ","),
		group:   group,
		manners: manners,
		service: service,
		store:   store,
	}
	program.writer = &kafka.Writer{
		Addr:         kafka.TCP(program.brokers...),
		Balancer:     &kafka.Hash{},
		RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond,
		ErrorLogger:  kafka.LoggerFunc(log.Printf),
	}
	return program, nil
}

// topicName is what the variable with the documented name says, or else that name.
func topicName(variable string) string {
	if name := os.Getenv(variable); name != "" {
		return name
	}
	return variable
}

func main() {
	program, err := newProgram(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "kafka-go:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program.run(ctx)
}

func (p *program) run(ctx context.Context) {
	if !p.manners.topicsOnce {
		p.awaitTopics(ctx)
	}
	var readers []*reader
	for _, topic := range p.service.topics() {
		reader := newReader(p, topic)
		readers = append(readers, reader)
		go reader.run(ctx)
	}
	sweeps := time.NewTicker(sweep)
	for {
		select {
		case now := <-sweeps.C:
			p.sweep(now)
		case <-ctx.Done():
			if p.manners.slowReturn {
				return
			}
			for _, reader := range readers {
				reader.kafka.Close() // It leaves the group.
			}
			return
		}
	}
}

// awaitTopics waits until all topics are there: a member of a group of this library is never given
// the partitions of a topic that is made after it joined.
func (p *program) awaitTopics(ctx context.Context) {
	client := &kafka.Client{Addr: kafka.TCP(p.brokers...), Timeout: 5 * time.Second}
	var names []string
	for _, topic := range p.service.topics() {
		names = append(names, topicName(topic))
	}
	for ctx.Err() == nil {
		// All are asked for, as brokers make a topic that is asked for by its name.
		metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			log.Printf("no broker: %v", err)
		} else if hasAll(metadata.Topics, names) {
			return
		}
		time.Sleep(look)
	}
}

func hasAll(topics []kafka.Topic, names []string) bool {
	found := map[string]bool{}
	for _, topic := range topics {
		found[topic.Name] = topic.Error == nil && len(topic.Partitions) > 0
	}
	for _, name := range names {
		if !found[name] {
			return false
		}
	}
	return true
}

// handle has the service handle a record, keeps that, and emits what is to be emitted.
func (p *program) handle(topic string, message kafka.Message) {
	of, err := tenantOf(message.Headers)
	if err != nil && p.decodes(topic, message.Value) {
		log.Printf("%s %d/%d: skipped: %v", topic, message.Partition, message.Offset, err)
		return
	}
	if err == nil && p.manners.isMuted(of, message.Value) {
		return
	}
	kept := entry{Now: time.Now(), Tenant: of, Topic: topic, Value: message.Value}
	p.mutex.Lock()
	unlock := sync.OnceFunc(p.mutex.Unlock)
	defer unlock()
	events, err := p.step(kept)
	if err != nil {
		if p.manners.diesAtStart && errors.Is(err, errUndecodable) {
			panic(err)
		}
		log.Printf("%s %d/%d: skipped: %v", topic, message.Partition, message.Offset, err)
		return
	}
	if p.manners.slow {
		// Events overtake each other as well.
		unlock()
	}
	p.emit(events, message.Headers)
}

// step changes the state, and keeps the change.
func (p *program) step(kept entry) ([]event, error) {
	events, err := p.service.handle(kept.Now, kept.Tenant, kept.Topic, kept.Value)
	if err != nil {
		return nil, err
	}
	return events, p.store.keep(kept)
}

// sweep does what is due, of which nobody is the cause.
func (p *program) sweep(now time.Time) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	events := p.service.due(now)
	if len(events) == 0 {
		return
	}
	if err := p.store.keep(entry{Now: now}); err != nil {
		log.Printf("cannot keep: %v", err)
	}
	p.emit(events, nil)
}

func (p *program) emit(events []event, cause []kafka.Header) {
	var messages []kafka.Message
	for _, event := range events {
		value, err := json.Marshal(event.value)
		if err != nil {
			panic(err) // All events are plain structures.
		}
		messages = append(messages, kafka.Message{
			Topic:   topicName(event.topic),
			Key:     event.key,
			Value:   value,
			Headers: append(tenantHeaders(event.tenant), spanHeaders(cause)...),
		})
	}
	if len(messages) == 0 {
		return
	}
	if err := p.writer.WriteMessages(context.Background(), messages...); err != nil {
		log.Printf("cannot emit: %v", err)
	}
}

// decodes says whether a value is what its topic carries, whoever the tenant is.
func (p *program) decodes(topic string, value []byte) bool {
	nobody, err := newService(p.name, manners{})
	if err != nil {
		panic(err) // Such a service runs.
	}
	_, err = nobody.handle(time.Time{}, tenant{}, topic, value)
	return !errors.Is(err, errUndecodable)
}
