import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/** Maps, lists, numbers and strings as JSON on one line. */
final class Json {
    private Json() {}

    static String of(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(entry -> of(entry.getKey()) + ":" + of(entry.getValue())).collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof Collection<?> items) return items.stream().map(Json::of).collect(Collectors.joining(",", "[", "]"));
        return value instanceof Number ? value.toString() : quoted(String.valueOf(value));
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> out.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : String.valueOf((char) c)));
        return out.append('"').toString();
    }
}
