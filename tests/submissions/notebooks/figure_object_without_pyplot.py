# Makes the figure as an object, without pyplot, and shows the drawn canvas as a picture by Pillow. Right.
#
# /// label
# ///

# %% cnn
CONV = {"kernel_size": 3, "padding": "same", "activation": "elu"}

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(10, name="conv2d", **CONV),
        layers.MaxPooling2D(),
        layers.Conv2D(20, name="conv2d_1", **CONV),
        layers.Conv2D(30, name="conv2d_2", **CONV),
        layers.MaxPooling2D(),
        layers.Conv2D(40, name="conv2d_3", **CONV),
        layers.Flatten(),
        layers.Dense(10, "softmax"),
    ],
    name="forty",
)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x=x_train, y=y_train, batch_size=32, epochs=6, verbose=0)
for epoch, loss in enumerate(results.history["loss"], start=1):
    print(f"epoch {epoch}: loss {loss:.4f}")

# %% ascent
layer_name = "conv2d_3"
head = keras.Model(model.inputs, model.get_layer(layer_name).output)
count = head.output_shape[-1]

batch = tf.Variable(np.random.uniform(0, 1, (count, 28, 28, 1)), dtype=tf.float32)
own_map = tf.eye(count)  # image n looks at map n only

for _ in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(head(batch), axis=[1, 2])
        total = tf.reduce_sum(means * own_map)
    slopes = tf.map_fn(normalize, tape.gradient(total, batch))
    batch.assign_add(step_size * slopes)

visualized_feature = [one for one in batch.numpy()]

# %% plot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

figure = Figure(figsize=(11, 8))
canvas = FigureCanvasAgg(figure)
grid = figure.subplots(5, 8)
for n in range(len(visualized_feature)):
    panel = grid[n // 8][n % 8]
    panel.axis("off")
    panel.set_title(f"feature {n}", fontsize=8)
    panel.imshow(deprocess_image(visualized_feature[n].copy())[..., 0], cmap="gray")
canvas.draw()
Image.fromarray(np.asarray(canvas.buffer_rgba()))
