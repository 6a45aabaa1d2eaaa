// Starts klamm with Testcontainers for Go, as a test of somebody's application would, and uses it with franz-go.
//
// Called as PROGRAM MODULE IMAGE RUNS; prints one line of JSON: what each run saw, and how long its steps took.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topic      = "orders"
	partitions = 3
	count      = 10
	// Ends a hopeless wait. Nothing here is expected to come near it.
	limit = 60 * time.Second
)

type run struct {
	Bootstrap     string   `json:"bootstrap"`
	ReadyMs       float64  `json:"ready_ms"`
	FirstRecordMs float64  `json:"first_record_ms"`
	GroupMs       float64  `json:"group_ms"`
	StopMs        float64  `json:"stop_ms"`
	Values        []string `json:"values"`
	Owned         []int32  `json:"owned"`
	Committed     int64    `json:"committed"`
	ClusterID     string   `json:"cluster_id"`
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }

// container starts the module's container the way its users do.
func container(ctx context.Context, module, image string) (*kafka.KafkaContainer, error) {
	switch module {
	case "kafka":
		return kafka.Run(ctx, image)
	case "cluster-id":
		return kafka.Run(ctx, image, kafka.WithClusterID("test-cluster"))
	default:
		return nil, fmt.Errorf("there is no module %q", module)
	}
}

func once(module, image string) (_ *run, failure error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*limit)
	defer cancel()
	start := time.Now()
	broker, err := container(ctx, module, image)
	seen := &run{}
	stopped := false
	stop := func() error {
		if stopped || broker == nil {
			return nil
		}
		stopped = true
		// The start script's shell is process 1 and passes no signal on, whatever the image: only the kill ends the container.
		return testcontainers.TerminateContainer(broker, testcontainers.StopTimeout(0))
	}
	defer func() { failure = errors.Join(failure, stop()) }()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start: %w", err), showLog(ctx, broker))
	}
	seen.ReadyMs = since(start)
	brokers, err := broker.Brokers(ctx)
	if err != nil {
		return nil, err
	}
	seen.Bootstrap = brokers[0]
	if err := use(ctx, seen); err != nil {
		return nil, errors.Join(err, showLog(ctx, broker))
	}
	stopping := time.Now()
	if err := stop(); err != nil {
		return nil, fmt.Errorf("stop: %w", err)
	}
	seen.StopMs = since(stopping)
	return seen, nil
}

// showLog copies the container's log to stderr, so that a failing test shows what the broker said.
func showLog(ctx context.Context, broker *kafka.KafkaContainer) error {
	if broker == nil {
		return nil
	}
	output, err := broker.Logs(ctx)
	if err != nil {
		return err
	}
	defer output.Close()
	_, err = os.Stderr.ReadFrom(output)
	return errors.Join(err, showSurroundings(ctx))
}

// showSurroundings runs the command that the tests name for it: what the engine looks like while the container is still there.
func showSurroundings(ctx context.Context) error {
	words := strings.Fields(os.Getenv("SURROUNDINGS"))
	if len(words) == 0 {
		return nil
	}
	look := exec.CommandContext(ctx, words[0], words[1:]...)
	look.Stdout, look.Stderr = os.Stderr, os.Stderr
	return look.Run()
}

// use creates a topic, writes to it and reads it back in a group; every call must succeed at once.
func use(ctx context.Context, seen *run) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ready := time.Now()
	client, err := kgo.NewClient(kgo.SeedBrokers(seen.Bootstrap))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		return fmt.Errorf("create a topic: %w", err)
	}
	metadata, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return err
	}
	seen.ClusterID = metadata.Cluster
	for n := range count {
		record := &kgo.Record{Topic: topic, Value: []byte(fmt.Sprintf("value-%d", n))}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return fmt.Errorf("produce: %w", err)
		}
		if n == 0 {
			seen.FirstRecordMs = since(ready)
		}
	}
	if err := readInGroup(ctx, seen); err != nil {
		return err
	}
	seen.GroupMs = since(ready)
	offsets, err := admin.FetchOffsets(ctx, "readers")
	if err != nil {
		return err
	}
	offsets.Each(func(answer kadm.OffsetResponse) { seen.Committed += answer.At })
	return nil
}

func readInGroup(ctx context.Context, seen *run) error {
	owned := map[int32]bool{}
	reader, err := kgo.NewClient(kgo.SeedBrokers(seen.Bootstrap), kgo.ConsumerGroup("readers"), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, assigned map[string][]int32) {
			for _, partition := range assigned[topic] {
				owned[partition] = true
			}
		}))
	if err != nil {
		return err
	}
	defer reader.Close()
	for len(seen.Values) < count {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("consume in a group, %d records read: %w", len(seen.Values), err)
		}
		fetches.EachRecord(func(record *kgo.Record) { seen.Values = append(seen.Values, string(record.Value)) })
	}
	for partition := range int32(partitions) {
		if owned[partition] {
			seen.Owned = append(seen.Owned, partition)
		}
	}
	return reader.CommitUncommittedOffsets(ctx)
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: go-containers MODULE IMAGE RUNS")
	}
	runs, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	var seen []*run
	for range runs {
		one, err := once(os.Args[1], os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		seen = append(seen, one)
	}
	line, err := json.Marshal(map[string]any{"runs": seen})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}
