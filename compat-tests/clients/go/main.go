// The drivers of the Go engines, franz-go and sarama, in one binary.
//
// It is called as `go-driver ENGINE BOOTSTRAP CASE TOPIC` with the case's arguments as JSON on stdin, and prints its result as one line
// of JSON. What each case does is told in ../README.md; this file holds what both engines share.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"
)

// How long any single wait may last before the driver gives up and says what it waited for.
const waitLimit = 45 * time.Second

// Bytes that travel as base64, or as null when they are nil.
type packed []byte

func (p packed) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(p))
}

func (p *packed) UnmarshalJSON(text []byte) error {
	var encoded *string
	if err := json.Unmarshal(text, &encoded); err != nil || encoded == nil {
		*p = nil
		return err
	}
	data, err := base64.StdEncoding.DecodeString(*encoded)
	*p = append(packed{}, data...)
	return err
}

// A header travels as a list of its name and its value.
type header struct {
	name  string
	value packed
}

func (h header) MarshalJSON() ([]byte, error) { return json.Marshal([]any{h.name, h.value}) }

func (h *header) UnmarshalJSON(text []byte) error {
	var parts [2]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[0], &h.name); err != nil {
		return err
	}
	return json.Unmarshal(parts[1], &h.value)
}

type record struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Timestamp *int64   `json:"timestamp"`
	Key       packed   `json:"key"`
	Value     packed   `json:"value"`
	Headers   []header `json:"headers"`
}

type position struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// The arguments of every case; each uses its own few.
type arguments struct {
	Codec      string             `json:"codec"`
	Idempotent bool               `json:"idempotent"`
	Records    []record           `json:"records"`
	Partitions json.RawMessage    `json:"partitions"`
	Count      int                `json:"count"`
	Group      string             `json:"group"`
	Timestamps []int64            `json:"timestamps"`
	Offset     int64              `json:"offset"`
	Configs    map[string]*string `json:"configs"`
	Alter      map[string]*string `json:"alter"`
}

// Where to start reading, by partition.
func (a arguments) starts() (map[int32]int64, error) {
	starts := map[int32]int64{}
	return starts, json.Unmarshal(a.Partitions, &starts)
}

// How many partitions the topic of the group case has.
func (a arguments) partitionCount() (int, error) {
	var count int
	return count, json.Unmarshal(a.Partitions, &count)
}

type result map[string]any

type caseFunc func(bootstrap, topic string, args arguments) (result, error)

// Calls look until good holds for what it returns, for at most waitLimit.
func until[T any](waitingFor string, look func() (T, error), good func(T) bool) (T, error) {
	end := time.Now().Add(waitLimit)
	for {
		seen, err := look()
		if err != nil || good(seen) {
			return seen, err
		}
		if time.Now().After(end) {
			return seen, fmt.Errorf("gave up waiting for %s; last seen: %v", waitingFor, seen)
		}
		time.Sleep(50 * time.Millisecond) // the pace of polling: good alone ends the wait
	}
}

// One member of a group, reading in the background.
type member interface {
	assignment() []int32
	values() []string
	failure() error
	stop() error
}

func assignments(members []member) ([][]int32, error) {
	var all [][]int32
	for _, m := range members {
		if err := m.failure(); err != nil {
			return nil, err
		}
		parts := append([]int32{}, m.assignment()...)
		slices.Sort(parts)
		all = append(all, parts)
	}
	return all, nil
}

func distinct(values []string, late bool) []string {
	found := map[string]bool{}
	for _, value := range values {
		if strings.HasPrefix(value, "late-") == late {
			found[value] = true
		}
	}
	list := []string{}
	for value := range found {
		list = append(list, value)
	}
	sort.Strings(list)
	return list
}

func disjoint(parts [][]int32) bool {
	for _, p := range parts[0] {
		if slices.Contains(parts[1], p) {
			return false
		}
	}
	return true
}

// One member takes everything, a second one halves it, and when that one leaves the first has everything again. While the group is
// shared, one record "late-N" is produced to every partition.
func groupOfTwo(join func() (member, error), produceLate func(total int) error, args arguments) (result, error) {
	total, err := args.partitionCount()
	if err != nil {
		return nil, err
	}
	first, err := join()
	if err != nil {
		return nil, err
	}
	members := []member{first}
	look := func() ([][]int32, error) { return assignments(members) }
	alone, err := until("the first member to own every partition", look, func(a [][]int32) bool { return len(a[0]) == total })
	if err != nil {
		return nil, err
	}
	if err := readAll(&members, args.Count, 0); err != nil {
		return nil, err
	}
	second, err := join()
	if err != nil {
		return nil, err
	}
	members = append(members, second)
	shared, err := until("the two members to share the partitions", look, func(a [][]int32) bool {
		return len(a[0]) == total/2 && len(a[1]) == total-total/2 && disjoint(a)
	})
	if err != nil {
		return nil, err
	}
	if err := produceLate(total); err != nil {
		return nil, err
	}
	if err := readAll(&members, args.Count, total); err != nil {
		return nil, err
	}
	late := []int{len(distinct(first.values(), true)), len(distinct(second.values(), true))}
	members = members[:1]
	if err := second.stop(); err != nil {
		return nil, err
	}
	after, err := until("the first member to own every partition again", look, func(a [][]int32) bool { return len(a[0]) == total })
	if err != nil {
		return nil, err
	}
	if err := first.stop(); err != nil {
		return nil, err
	}
	union := append(append([]int32{}, shared[0]...), shared[1]...)
	slices.Sort(union)
	return result{
		"alone": alone[0], "shared_sizes": []int{len(shared[0]), len(shared[1])}, "shared_union": union,
		"late": late, "after": after[0], "read_by_first": distinct(first.values(), false),
	}, nil
}

// Waits until the members together have read so many early and late records.
func readAll(members *[]member, early, late int) error {
	_, err := until("the members to read the topic", func() ([]string, error) {
		var all []string
		for _, m := range *members {
			if err := m.failure(); err != nil {
				return nil, err
			}
			all = append(all, m.values()...)
		}
		return all, nil
	}, func(all []string) bool { return len(distinct(all, false)) >= early && len(distinct(all, true)) >= late })
	return err
}

func lateRecords(total int) []record {
	var records []record
	for p := range total {
		records = append(records, record{Partition: int32(p), Value: packed(fmt.Sprintf("late-%d", p))})
	}
	return records
}

// Null where the broker knows no offset.
func orNull(offset int64) *int64 {
	if offset < 0 {
		return nil
	}
	return &offset
}

func run() error {
	if len(os.Args) != 5 {
		return fmt.Errorf("usage: go-driver ENGINE BOOTSTRAP CASE TOPIC")
	}
	engines := map[string]map[string]caseFunc{"franz-go": franzCases, "sarama": saramaCases}
	work, known := engines[os.Args[1]][os.Args[3]]
	if !known {
		return fmt.Errorf("%s has no case %s", os.Args[1], os.Args[3])
	}
	var args arguments
	if err := json.NewDecoder(os.Stdin).Decode(&args); err != nil {
		return err
	}
	answer, err := work(os.Args[2], os.Args[4], args)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
