// A process: the least that a grpc-go server can do, beside which the gate is measured. It passes bytes through, looks
// at nothing, and answers every call of any method with the bytes of a file, which are an answer of the gate itself.
// Argument: the file. It does no health checks and no TLS; a file that cannot be read, or a port that cannot be had, ends it.
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// bytesCodec leaves messages as they are.
type bytesCodec struct{}

func (bytesCodec) Marshal(value any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*value.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, value any) error {
	*value.(*[]byte) = data.Materialize()
	return nil
}

func (bytesCodec) Name() string { return "proto" }

// check reads the request and sends the answer, as generated code of a unary method does.
func check(answer []byte) grpc.MethodHandler {
	return func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var request []byte
		if err := decode(&request); err != nil {
			return nil, err
		}
		return &answer, nil
	}
}

func main() {
	answer, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.auth.v3.Authorization",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Check", Handler: check(answer)}},
	}, nil)
	fmt.Printf("{\"msg\":\"listening\",\"grpc\":\"%s\"}\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
