// One round of calls with the official Go client: what each gave, as JSON.
//
//	client HOST:PORT
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "slipway.example/client/inference"
)

var row = []float64{5.1, 3.5, 1.4, 0.2}

func request(model string, raw bool) *pb.ModelInferRequest {
	input := &pb.ModelInferRequest_InferInputTensor{Name: "x", Datatype: "FP64", Shape: []int64{1, 4}}
	made := &pb.ModelInferRequest{ModelName: model, Id: "go", Inputs: []*pb.ModelInferRequest_InferInputTensor{input}}
	if !raw {
		input.Contents = &pb.InferTensorContents{Fp64Contents: row}
		return made
	}
	var bytes []byte
	for _, value := range row {
		bytes = binary.LittleEndian.AppendUint64(bytes, math.Float64bits(value))
	}
	made.RawInputContents = [][]byte{bytes}
	return made
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := pb.NewGRPCInferenceServiceClient(connection)
	got := map[string]any{}

	health, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	check(err)
	got["health"] = health.Status.String()
	ready, err := client.ModelReady(ctx, &pb.ModelReadyRequest{Name: "iris"})
	check(err)
	got["ready"] = ready.Ready

	var trailer metadata.MD
	typed, err := client.ModelInfer(metadata.AppendToOutgoingContext(ctx, "x-request-id", "from-go"), request("iris", false),
		grpc.Trailer(&trailer))
	check(err)
	got["typed"] = string(typed.Outputs[0].Contents.BytesContents[0])
	got["id"] = typed.Id
	got["request_id"] = trailer.Get("x-request-id")
	raw, err := client.ModelInfer(ctx, request("iris", true), grpc.UseCompressor(gzip.Name))
	check(err)
	got["raw"] = string(raw.RawOutputContents[0][4:])
	_, err = client.ModelInfer(ctx, request("rose", false))
	got["unknown"] = status.Code(err).String()
	late, cancelLate := context.WithTimeout(ctx, 0)
	_, err = client.ModelInfer(late, request("iris", false))
	cancelLate()
	got["late"] = status.Code(err).String()

	stream, err := client.ModelStreamInfer(ctx)
	check(err)
	for range 50 {
		check(stream.Send(request("iris", true)))
	}
	check(stream.CloseSend())
	streamed := 0
	for {
		answer, err := stream.Recv()
		if err != nil || answer.ErrorMessage != "" {
			break
		}
		streamed++
	}
	got["streamed"] = streamed
	check(json.NewEncoder(os.Stdout).Encode(got))
}
