// Posts to URL from several threads over kept connections until nobody listens there any more; then
// prints how many answers came and what failed, as JSON.
//
//     java Traffic.java URL BODY EXPECTED
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

public class Traffic {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0])).timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString(arguments[1])).build();
        AtomicInteger answered = new AtomicInteger();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> {
                try {
                    for (;;) {
                        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                        answered.incrementAndGet();
                        if (answer.statusCode() != 200 || !answer.body().contains(arguments[2])) {
                            failures.add(answer.statusCode() + " " + answer.body());
                        }
                    }
                } catch (ConnectException gone) {
                    // The server has stopped.
                } catch (Exception error) {
                    failures.add(error.toString());
                }
            }));
        }
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join();
        String list = failures.stream().map(text -> '"' + text.replaceAll("[\\\\\"]", "'") + '"')
                .collect(Collectors.joining(","));
        System.out.println("{\"answered\": " + answered + ", \"failures\": [" + list + "]}");
    }
}
