package compat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Permission;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs the main classes of command line tools inside one JVM that stays, because starting a JVM for each call costs more
 * than the call. A line of JSON on stdin is a command, a line on stdout an event:
 *
 * <pre>
 *   {"id":1,"main":"org.apache.kafka.tools.TopicCommand","args":["--list"],"stdin":"base64"}     run a tool
 *   {"id":1,"stop":true}                                             run its shutdown hooks, as SIGTERM would
 *   -> {"id":1,"out":"text"} {"id":1,"err":"text"} ... {"id":1,"exit":0}
 * </pre>
 *
 * Each call has its own loader for the tools' own jars (some keep counters in statics), its own streams, exit code and
 * shutdown hooks; threads that a tool starts inherit them. Several calls may run at once.
 */
public final class ToolHost {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream EVENTS = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    private static final InheritableThreadLocal<Call> CURRENT = new InheritableThreadLocal<>();
    private static final Map<Integer, Call> CALLS = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        List<URL> reloaded = new ArrayList<>();
        for (String jar : arguments) reloaded.add(Path.of(jar).toUri().toURL());
        System.setOut(new PrintStream(new Routed(true), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new Routed(false), true, StandardCharsets.UTF_8));
        System.setIn(new RoutedInput());
        Exit.setExitProcedure(ToolHost::exit);
        Exit.setHaltProcedure(ToolHost::exit);
        Exit.setShutdownHookAdder((name, hook) -> CURRENT.get().add(hook));
        trapSystemExit();
        BufferedReader commands = new BufferedReader(
            new InputStreamReader(new FileInputStream(FileDescriptor.in), StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            accept(JSON.readTree(line), reloaded.toArray(new URL[0]));
        }
        Runtime.getRuntime().halt(0);
    }

    private static void accept(JsonNode command, URL[] reloaded) {
        int id = command.get("id").asInt();
        if (command.has("stop")) {
            Call running = CALLS.get(id);
            if (running != null) new Thread(() -> running.inside(running::runHooks), "stop-" + id).start();
            return;
        }
        Call call = new Call(id, command, reloaded);
        CALLS.put(id, call);
        new Thread(() -> call.inside(call::run), "call-" + id).start();
    }

    /** What the tools call instead of System.exit: notes the code and unwinds the thread. */
    private static void exit(int status, String message) {
        Call call = CURRENT.get();
        if (message != null) System.err.println(message);
        if (call.status == null) call.status = status;
        throw new Exited();
    }

    /**
     * The hooks that a tool gave to the JVM itself, taken back from it. A hook is a thread, and a thread remembers the class
     * loader of the one that made it: that tells whose it is. The map is private, so the JVM is started with
     * --add-opens=java.base/java.lang=ALL-UNNAMED.
     */
    private static List<Runnable> takeRuntimeHooks(ClassLoader loader) {
        List<Runnable> taken = new ArrayList<>();
        try {
            Class<?> owner = Class.forName("java.lang.ApplicationShutdownHooks");
            synchronized (owner) {
                Field field = owner.getDeclaredField("hooks");
                field.setAccessible(true);
                Iterator<?> hooks = ((Map<?, ?>) field.get(null)).keySet().iterator();
                while (hooks.hasNext()) {
                    Thread hook = (Thread) hooks.next();
                    if (loader == null || hook.getContextClassLoader() != loader) continue;
                    hooks.remove();
                    taken.add(hook);
                }
            }
        } catch (ReflectiveOperationException thrown) {
            throw new IllegalStateException(thrown);
        }
        return taken;
    }

    /** Some tools, and the parser of their arguments, call System.exit itself. Only a security manager can refuse that. */
    @SuppressWarnings("removal")
    private static void trapSystemExit() {
        try {
            System.setSecurityManager(new SecurityManager() {
                @Override
                public void checkExit(int status) {
                    if (CURRENT.get() != null) exit(status, null);
                }

                @Override
                public void checkPermission(Permission permission) {
                    // Everything but an exit is allowed.
                }

                @Override
                public void checkPermission(Permission permission, Object context) {
                    // The same when asked on behalf of somebody else.
                }
            });
        } catch (UnsupportedOperationException none) {
            System.err.println("this JVM has no security manager: a tool that calls System.exit ends the host");
        }
    }

    private static void emit(int id, String field, Object value) {
        ObjectNode event = JSON.createObjectNode().put("id", id);
        event.set(field, JSON.valueToTree(value));
        synchronized (EVENTS) {
            EVENTS.print(event + "\n");
            EVENTS.flush();
        }
    }

    /** Unwinds a tool that has exited. Some tools catch and print everything: this prints as nothing. */
    private static final class Exited extends Error {
        private static final long serialVersionUID = 1L;

        Exited() {
            super("", null, false, false);
        }

        @Override
        public void printStackTrace(PrintWriter writer) {
            // Nothing happened that anybody should read about.
        }
    }

    /** One run of one tool. */
    private static final class Call {
        final int id;
        final String main;
        final String[] args;
        final InputStream stdin;
        final URL[] reloaded;
        final List<Runnable> hooks = new ArrayList<>();
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        volatile Integer status;
        volatile OwnFirst loader;

        Call(int id, JsonNode command, URL[] reloaded) {
            this.id = id;
            this.main = command.get("main").asText();
            this.args = new String[command.get("args").size()];
            for (int index = 0; index < args.length; index++) args[index] = command.get("args").get(index).asText();
            this.stdin = new ByteArrayInputStream(Base64.getDecoder().decode(command.path("stdin").asText("")));
            this.reloaded = reloaded;
        }

        void inside(Runnable action) {
            CURRENT.set(this);
            action.run();
        }

        void run() {
            loader = new OwnFirst(reloaded);
            try {
                Thread.currentThread().setContextClassLoader(loader);
                loader.loadClass(main).getMethod("main", String[].class).invoke(null, (Object) args);
            } catch (InvocationTargetException thrown) {
                report(thrown.getCause());
            } catch (Exception | LinkageError thrown) {
                report(thrown);
            }
            runHooks();
            System.out.flush();
            System.err.flush();
            finish();
        }

        private void report(Throwable thrown) {
            if (thrown instanceof Exited) return;
            // As a JVM does it when main throws.
            thrown.printStackTrace();
            if (status == null) status = 1;
        }

        void add(Runnable hook) {
            synchronized (hooks) {
                hooks.add(hook);
            }
        }

        void runHooks() {
            List<Runnable> pending;
            synchronized (hooks) {
                pending = new ArrayList<>(hooks);
                hooks.clear();
            }
            pending.addAll(takeRuntimeHooks(loader));
            for (Runnable hook : pending) {
                try {
                    hook.run();
                } catch (Exited ignored) {
                    // A hook that exits has nothing more to do.
                } catch (RuntimeException thrown) {
                    thrown.printStackTrace();
                }
            }
        }

        private void finish() {
            drain(true, true);
            drain(false, true);
            CALLS.remove(id);
            emit(id, "exit", status == null ? 0 : status);
        }

        void write(boolean isOut, byte[] bytes, int offset, int length) {
            ByteArrayOutputStream stream = isOut ? out : err;
            synchronized (stream) {
                stream.write(bytes, offset, length);
            }
        }

        /** Hands whole lines on, so that no character is cut in two; all of it at the end. */
        void drain(boolean isOut, boolean all) {
            ByteArrayOutputStream stream = isOut ? out : err;
            synchronized (stream) {
                byte[] bytes = stream.toByteArray();
                int end = bytes.length;
                while (!all && end > 0 && bytes[end - 1] != '\n') end--;
                if (end == 0) return;
                stream.reset();
                stream.write(bytes, end, bytes.length - end);
                emit(id, isOut ? "out" : "err", new String(bytes, 0, end, StandardCharsets.UTF_8));
            }
        }
    }

    /** Loads the classes of the tools' own jars anew and leaves all others (clients, libraries) to the JVM's loader. */
    private static final class OwnFirst extends URLClassLoader {
        OwnFirst(URL[] jars) {
            super(jars, ToolHost.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded == null && findResource(name.replace('.', '/') + ".class") != null) loaded = findClass(name);
                if (loaded == null) return super.loadClass(name, resolve);
                if (resolve) resolveClass(loaded);
                return loaded;
            }
        }
    }

    private static final class Routed extends OutputStream {
        private final boolean isOut;

        Routed(boolean isOut) {
            this.isOut = isOut;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            Call call = CURRENT.get();
            if (call != null) call.write(isOut, bytes, offset, length);
        }

        @Override
        public void flush() {
            Call call = CURRENT.get();
            if (call != null) call.drain(isOut, false);
        }
    }

    private static final class RoutedInput extends InputStream {
        @Override
        public int read() throws IOException {
            return CURRENT.get().stdin.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return CURRENT.get().stdin.read(bytes, offset, length);
        }

        @Override
        public int available() throws IOException {
            return CURRENT.get().stdin.available();
        }
    }
}
