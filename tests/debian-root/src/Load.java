// Four threads work until the standard input ends, check what they have worked out, and say how often they did, and how long the longest took (ms).
import java.util.*;
import java.util.concurrent.atomic.*;

public class Load {
    static volatile boolean running = true;
    static final AtomicLong runs = new AtomicLong(), wrong = new AtomicLong(), longest = new AtomicLong();

    static void work(int seed) {
        for (long i = 0; running; i++) {
            long before = System.nanoTime(), sum = 0;
            Map<Long, String> m = new TreeMap<>();
            for (long k = 0; k < 200; k++) m.put(k * 7919 % 211, Long.toString(k + seed, 36) + System.currentTimeMillis());
            for (long k : m.keySet()) sum += k;
            long want = 0;
            for (long k = 0; k < 200; k++) want += k * 7919 % 211;
            if (sum != want || m.size() != 200) wrong.incrementAndGet();
            longest.accumulateAndGet(System.nanoTime() - before, Math::max);
            runs.incrementAndGet();
        }
    }

    public static void main(String[] a) throws Exception {
        Thread[] t = new Thread[4];
        for (int i = 0; i < 4; i++) { final int n = i; (t[i] = new Thread(() -> work(n))).start(); }
        while (runs.get() < 100) Thread.sleep(10);
        longest.set(0);
        System.out.println("ready");
        while (System.in.read() >= 0) {}
        running = false;
        for (Thread x : t) x.join();
        System.out.println("wrong " + wrong + " runs " + runs + " longest " + longest.get() / 1000000);
    }
}
