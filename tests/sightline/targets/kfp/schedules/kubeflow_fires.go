// Answers the questions of kubeflow_fires.jsonl with robfig/cron 1.2.0, which Kubeflow Pipelines
// uses in its scheduled workflow controller:
//
//	go mod init fires && go get github.com/robfig/cron@v1.2.0
//	go run kubeflow_fires.go < kubeflow_fires.jsonl
package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/robfig/cron"
)

const most = 12

type question struct {
	Cron  string   `json:"cron"`
	Sent  string   `json:"sent"`
	Zone  string   `json:"zone"`
	Start string   `json:"start"`
	Fires []string `json:"fires"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for in.More() {
		var asked question
		check(in.Decode(&asked))
		check(answer(&asked))
		check(out.Encode(asked))
	}
}

func answer(asked *question) error {
	schedule, err := cron.Parse(asked.Sent)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		return err
	}
	moment, err := time.Parse(time.RFC3339, asked.Start)
	if err != nil {
		return err
	}
	asked.Fires = nil
	for moment = schedule.Next(moment.In(zone)); !moment.IsZero() && len(asked.Fires) < most; {
		asked.Fires = append(asked.Fires, moment.UTC().Format(time.RFC3339))
		moment = schedule.Next(moment)
	}
	return nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
