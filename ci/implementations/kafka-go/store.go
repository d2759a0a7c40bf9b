package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"
)

// A store is the journal of what a service handled. A service that handles it anew has the state
// that it had, as it is told the time.
type store struct {
	file *os.File
}

type entry struct {
	Now    time.Time
	Tenant tenant
	// Topic is empty where nothing was read and only time has passed.
	Topic string `json:",omitempty"`
	Value []byte `json:",omitempty"`
}

// openStore has the service handle what is kept in the file, and keeps there what it handles from
// now on. Without a name nothing is kept.
func openStore(name string, service service) (*store, error) {
	if name == "" {
		return &store{}, nil
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(file)
	for whole := int64(0); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// What a kill left of a line was never acted on.
			return &store{file}, file.Truncate(whole)
		}
		if err != nil {
			return nil, err
		}
		whole += int64(len(line))
		var kept entry
		if err := json.Unmarshal(line, &kept); err != nil {
			return nil, err
		}
		if kept.Topic == "" {
			service.due(kept.Now)
		} else if _, err := service.handle(kept.Now, kept.Tenant, kept.Topic, kept.Value); err != nil {
			return nil, err
		}
	}
}

func (s *store) keep(kept entry) error {
	if s.file == nil {
		return nil
	}
	line, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	_, err = s.file.Write(append(line, '\n'))
	return err
}
