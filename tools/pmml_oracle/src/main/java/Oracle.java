import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jpmml.evaluator.Computable;
import org.jpmml.evaluator.Evaluator;
import org.jpmml.evaluator.EvaluatorUtil;
import org.jpmml.evaluator.HasProbability;
import org.jpmml.evaluator.InputField;
import org.jpmml.evaluator.LoadingModelEvaluatorBuilder;
import org.jpmml.evaluator.TargetField;

/**
 * Answers rows with JPMML-Evaluator. The argument is a PMML file; each line of standard input is a row of
 * name TAB value TAB name TAB value ... (fields that are missing are left out; \\t, \\n and \\\\ stand for what they mean). For each row: lines of
 * "predict TAB kind TAB value", "proba TAB class TAB value", "output TAB name TAB kind TAB value", then "end";
 * or "error TAB message".
 *
 * Without an argument, each line of standard input is a job: model TAB file of rows TAB file for the answers. "done"
 * is printed behind each. A model that cannot be loaded is an error in its answers.
 */
public final class Oracle {
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      evaluate(args[0], in, new PrintStream(System.out, true, StandardCharsets.UTF_8));
      return;
    }
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      String[] job = line.split("\t", -1);
      try (BufferedReader rows = Files.newBufferedReader(Path.of(job[1]), StandardCharsets.UTF_8);
          PrintStream out = new PrintStream(job[2], StandardCharsets.UTF_8)) {
        try {
          evaluate(job[0], rows, out);
        } catch (Exception e) {
          out.println("error\t" + String.valueOf(e).replace('\n', ' '));
        }
      }
      System.out.println("done");
    }
  }

  private static void evaluate(String model, BufferedReader in, PrintStream out) throws Exception {
    Evaluator evaluator = new LoadingModelEvaluatorBuilder().load(new File(model)).build();
    evaluator.verify();
    StringBuilder names = new StringBuilder("columns");
    for (InputField field : evaluator.getInputFields()) {
      names.append('\t').append(field.getName()).append('\t').append(field.getDataType().value());
    }
    out.println(names);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      answer(evaluator, line, out);
    }
  }

  private static void answer(Evaluator evaluator, String line, PrintStream out) {
    Map<String, Object> row = new HashMap<>();
    String[] cells = line.split("\t", -1);
    for (int i = 0; i + 1 < cells.length; i += 2) {
      row.put(cells[i], unescaped(cells[i + 1]));
    }
    try {
      Map<String, Object> arguments = new LinkedHashMap<>();
      for (InputField field : evaluator.getInputFields()) {
        arguments.put(field.getName(), field.prepare(row.get(field.getName())));
      }
      Map<String, ?> results = evaluator.evaluate(arguments);
      StringBuilder text = new StringBuilder();
      Object target = null;
      String targetName = null;
      for (TargetField field : evaluator.getTargetFields()) {
        targetName = field.getName();
        target = results.get(targetName);
      }
      text.append("predict\t").append(cell(target)).append('\n');
      if (evaluator.getTargetFields().size() > 1) {
        for (TargetField field : evaluator.getTargetFields()) {
          String name = field.getName();
          text.append("output\t").append(name).append('\t').append(cell(results.get(name))).append('\n');
        }
        target = null;
      }
      if (target instanceof HasProbability) {
        HasProbability distribution = (HasProbability) target;
        for (Object category : distribution.getCategories()) {
          text.append("proba\t").append(category).append('\t');
          text.append(distribution.getProbability(category)).append('\n');
        }
      }
      for (org.jpmml.evaluator.OutputField field : evaluator.getOutputFields()) {
        String name = field.getName();
        text.append("output\t").append(name).append('\t').append(cell(results.get(name))).append('\n');
      }
      out.print(text);
      out.println("end");
    } catch (RuntimeException e) {
      out.println("error\t" + String.valueOf(e.getMessage()).replace('\n', ' '));
    }
  }

  private static String unescaped(String cell) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < cell.length(); i++) {
      char c = cell.charAt(i);
      if (c == '\\' && i + 1 < cell.length()) {
        c = cell.charAt(++i);
        c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
      }
      text.append(c);
    }
    return text.toString();
  }

  private static String cell(Object value) {
    Object plain = EvaluatorUtil.decode(value);
    if (plain instanceof Computable) {
      plain = ((Computable) plain).getResult();
    }
    if (plain == null) {
      return "missing\t";
    }
    if (plain instanceof Boolean) {
      return "bool\t" + plain;
    }
    if (plain instanceof Integer || plain instanceof Long) {
      return "int64\t" + plain;
    }
    if (plain instanceof Float) {
      return "float64\t" + (double) (float) (Float) plain;
    }
    return (plain instanceof Number ? "float64\t" : "str\t") + plain;
  }
}
