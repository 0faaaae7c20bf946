// Threads, collections, streams, exceptions that the VM makes of faults, and enough work that the compilers (C1, C2) take part.
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class Threads {
    record Pair(int a, String b) {}
    static int depth;
    static void deeper() { depth++; deeper(); }
    static long work(int n) { long s = 0; for (int i = 0; i < n; i++) s += (long) i * i % 7; return s; }
    static String fault(Runnable r) { try { r.run(); return "none"; } catch (Throwable t) { return t.getClass().getSimpleName(); } }

    public static void main(String[] a) throws Exception {
        AtomicLong n = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Long>> f = new ArrayList<>();
        for (int i = 0; i < 16; i++) f.add(pool.submit(() -> { for (int k = 0; k < 1000; k++) n.incrementAndGet(); return work(20000); }));
        long sum = 0;
        for (Future<Long> x : f) sum += x.get();
        pool.shutdown();
        System.out.println(n + " " + sum + " " + pool.awaitTermination(10, TimeUnit.SECONDS));
        Object lock = new Object();
        int[] turn = {0};
        Thread t = new Thread(() -> { synchronized (lock) { turn[0] = 1; lock.notifyAll(); } });
        synchronized (lock) { t.start(); while (turn[0] == 0) lock.wait(); }
        t.join();
        System.out.println(IntStream.range(0, 5000).parallel().filter(x -> x % 3 == 0).mapToLong(x -> x).sum() + " " + new Pair(1, "x"));
        String none = a.length > 5 ? "x" : null;
        int[] few = new int[2];
        System.out.println(fault(() -> none.length()) + " " + fault(() -> few[2]++) + " " + fault(() -> System.out.print(1 / few[0])) + " " + fault(Threads::deeper) + " " + (depth > 500));
        List<byte[]> keep = new ArrayList<>();
        for (int i = 0; i < 3000; i++) { keep.add(new byte[10000]); if (keep.size() > 100) keep.subList(0, 90).clear(); }
        System.gc();
        System.out.println(String.format("%.6f %s", Math.sin(1) + Math.pow(2, 0.5), new TreeMap<>(Map.of("b", 2, "a", 1))));
        System.exit(3);
    }
}
