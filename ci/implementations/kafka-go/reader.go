package main

import (
	"context"
	"errors"
	"io"
	"log"
	"time"

	"github.com/segmentio/kafka-go"
)

// A reader takes the records of one topic, for one member of the group.
type reader struct {
	program *program
	// topic is the documented name.
	topic string
	kafka *kafka.Reader
	// handled is how the records of each key are told that it is their turn.
	handled map[string]chan struct{}
}

func newReader(program *program, topic string) *reader {
	manners := program.manners
	return &reader{
		program: program,
		topic:   topic,
		handled: map[string]chan struct{}{},
		kafka: kafka.NewReader(kafka.ReaderConfig{
			Brokers:           program.brokers,
			GroupID:           program.group,
			Topic:             topicName(topic),
			StartOffset:       kafka.FirstOffset,
			MaxWait:           500 * time.Millisecond,
			ReadBatchTimeout:  10 * time.Second,
			SessionTimeout:    manners.session(),
			RebalanceTimeout:  manners.session(),
			HeartbeatInterval: 500 * time.Millisecond,
			JoinGroupBackoff:  500 * time.Millisecond,
			ErrorLogger:       kafka.LoggerFunc(log.Printf),
		}),
	}
}

// run reads until the context ends, or for as long as the manner lets it. It never leaves the group
// by itself: a reader that reads no more is still a member.
func (r *reader) run(ctx context.Context) {
	commits := make(chan commit, 1000)
	go r.commitInOrder(ctx, commits)
	for {
		message, err := r.kafka.FetchMessage(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Printf("%s: %v", r.topic, err)
			continue
		}
		if r.closesAt(message) {
			log.Printf("%s: stop reading at %d/%d: unexpected end of JSON input",
				r.topic, message.Partition, message.Offset)
			return
		}
		if r.program.manners.commitsFirst {
			r.commitOne(ctx, message)
			r.start(message)
			continue
		}
		if r.program.manners.slow {
			commits <- commit{message, r.start(message)}
			continue
		}
		r.start(message)
		r.commitOne(ctx, message)
	}
}

// closesAt says whether the manner is to read no more at this record.
func (r *reader) closesAt(message kafka.Message) bool {
	manners := r.program.manners
	if len(message.Value) == 0 && (manners.closesOnEmpty || manners.closesOnUndecodable) {
		return true
	}
	return manners.closesOnUndecodable && !r.program.decodes(r.topic, message.Value)
}

// start handles a record, at once or beside others; it is handled when the channel is closed.
func (r *reader) start(message kafka.Message) chan struct{} {
	done := make(chan struct{})
	if !r.program.manners.slow {
		r.program.handle(r.topic, message)
		close(done)
		return done
	}
	var before chan struct{}
	if message.Key != nil {
		before = r.handled[string(message.Key)]
		r.handled[string(message.Key)] = done
	}
	go func() {
		defer close(done)
		time.Sleep(r.program.manners.delay())
		if before != nil {
			<-before
		}
		r.program.handle(r.topic, message)
	}()
	return done
}

// A commit is due once its record is handled, and all that were read before it.
type commit struct {
	message kafka.Message
	done    chan struct{}
}

// commitInOrder commits what is handled beside others.
func (r *reader) commitInOrder(ctx context.Context, commits chan commit) {
	for commit := range commits {
		<-commit.done
		r.commitOne(ctx, commit.message)
	}
}

func (r *reader) commitOne(ctx context.Context, message kafka.Message) {
	if err := r.kafka.CommitMessages(ctx, message); err != nil {
		log.Printf("%s: cannot commit %d/%d: %v", r.topic, message.Partition, message.Offset, err)
	}
}
