// One round of calls with the official Java client: what each gave, as JSON.
//
//     java Client HOST PORT
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import inference.Inference.InferTensorContents;
import inference.Inference.ModelInferRequest;
import inference.Inference.ModelInferResponse;
import inference.Inference.ModelReadyRequest;
import inference.Inference.ModelReadyResponse;
import inference.Inference.ModelStreamInferResponse;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

public class Client {
    static <Q extends Message, R extends Message> MethodDescriptor<Q, R> method(
            String name, MethodDescriptor.MethodType type, Q request, R response) {
        return MethodDescriptor.<Q, R>newBuilder().setType(type)
                .setFullMethodName("inference.GRPCInferenceService/" + name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(response)).build();
    }

    static final MethodDescriptor<ModelInferRequest, ModelInferResponse> INFER = method("ModelInfer",
            MethodDescriptor.MethodType.UNARY, ModelInferRequest.getDefaultInstance(),
            ModelInferResponse.getDefaultInstance());

    static ModelInferRequest request(String model, boolean raw) {
        double[] row = {5.1, 3.5, 1.4, 0.2};
        ModelInferRequest.InferInputTensor.Builder input = ModelInferRequest.InferInputTensor.newBuilder().setName("x")
                .setDatatype("FP64").addShape(1).addShape(4);
        ModelInferRequest.Builder made = ModelInferRequest.newBuilder().setModelName(model).setId("java");
        ByteBuffer bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        InferTensorContents.Builder contents = InferTensorContents.newBuilder();
        for (double value : row) {
            bytes.putDouble(value);
            contents.addFp64Contents(value);
        }
        if (!raw) return made.addInputs(input.setContents(contents)).build();
        return made.addInputs(input).addRawInputContents(ByteString.copyFrom(bytes.array())).build();
    }

    static String code(ManagedChannel channel, ModelInferRequest request, CallOptions options) {
        try {
            ClientCalls.blockingUnaryCall(channel, INFER, options, request);
            return "OK";
        } catch (StatusRuntimeException error) {
            return error.getStatus().getCode().toString();
        }
    }

    static int stream(ManagedChannel channel) throws InterruptedException {
        AtomicInteger streamed = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(1);
        StreamObserver<ModelInferRequest> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(method("ModelStreamInfer", MethodDescriptor.MethodType.BIDI_STREAMING,
                        ModelInferRequest.getDefaultInstance(), ModelStreamInferResponse.getDefaultInstance()),
                        CallOptions.DEFAULT),
                new StreamObserver<ModelStreamInferResponse>() {
                    public void onNext(ModelStreamInferResponse answer) {
                        if (answer.getErrorMessage().isEmpty()) streamed.incrementAndGet();
                    }
                    public void onError(Throwable error) { ended.countDown(); }
                    public void onCompleted() { ended.countDown(); }
                });
        for (int i = 0; i < 50; i++) requests.onNext(request("iris", true));
        requests.onCompleted();
        ended.await(20, TimeUnit.SECONDS);
        return streamed.get();
    }

    public static void main(String[] arguments) throws Exception {
        ManagedChannel channel = NettyChannelBuilder.forAddress(arguments[0], Integer.parseInt(arguments[1]))
                .usePlaintext().build();
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
        ModelReadyResponse ready = ClientCalls.blockingUnaryCall(channel, method("ModelReady",
                MethodDescriptor.MethodType.UNARY, ModelReadyRequest.getDefaultInstance(),
                ModelReadyResponse.getDefaultInstance()), options, ModelReadyRequest.newBuilder().setName("iris").build());
        ModelInferResponse typed = ClientCalls.blockingUnaryCall(channel, INFER, options, request("iris", false));
        ModelInferResponse raw = ClientCalls.blockingUnaryCall(channel, INFER, options.withCompression("gzip"),
                request("iris", true));
        System.out.printf("{\"ready\": %b, \"typed\": \"%s\", \"id\": \"%s\", \"raw\": \"%s\", \"unknown\": \"%s\", "
                + "\"late\": \"%s\", \"streamed\": %d}%n", ready.getReady(),
                typed.getOutputs(0).getContents().getBytesContents(0).toStringUtf8(), typed.getId(),
                raw.getRawOutputContents(0).substring(4).toStringUtf8(), code(channel, request("rose", false), options),
                code(channel, request("iris", false), CallOptions.DEFAULT.withDeadlineAfter(-1, TimeUnit.SECONDS)),
                stream(channel));
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
}
