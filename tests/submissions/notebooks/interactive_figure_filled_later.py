# Interactive figures by %matplotlib notebook; the figure is opened before the ascent and filled after it.
# Right.
#
# /// label
# [cells]
# insert = {canvas = "normalize"}
# ///

# %% canvas
%matplotlib notebook
figure, axes = plt.subplots(4, 8, figsize=(10, 5.5))

# %% cnn
class Block:
    """Convolution, and a smaller picture if asked for."""

    def __init__(self, filters, name, halve=False):
        self.steps = [layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)]
        if halve:
            self.steps.append(layers.MaxPooling2D())


blocks = [Block(8, "conv2d", halve=True), Block(16, "conv2d_1"), Block(24, "conv2d_2", halve=True), Block(32, "conv2d_3")]
model = keras.Sequential(
    [layers.Input(shape=(28, 28, 1)), *[step for block in blocks for step in block.steps]]
    + [layers.Flatten(), layers.Dropout(0.2), layers.Dense(10, activation="softmax")]
)

# %% train
model.compile(optimizer=keras.optimizers.AdamW(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=48, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32  # 4 rows of 8
visualized_feature = []

cut_off = keras.Model(model.inputs, blocks[-1].steps[0].output)
pixels = KTF.variable(np.zeros((1, 28, 28, 1)))

for channel in range(number_of_filters):
    pixels.assign(np.random.uniform(size=(1, 28, 28, 1)).astype(np.float32))
    first, response = None, None
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            response = KTF.mean(cut_off(pixels)[:, :, :, channel])
        if first is None:
            first = float(response)
        pixels.assign_add(step_size * normalize(tape.gradient(response, pixels)))
    print(channel, round(first, 3), "->", round(float(response), 3))
    visualized_feature.append(pixels.numpy())

# %% plot
for row in range(4):
    for column in range(8):
        channel = 8 * row + column
        here = axes[row, column]
        here.imshow(deprocess_image(visualized_feature[channel].copy()).squeeze(), cmap="gray")
        here.set_title(f"feature {channel}", fontsize=8)
        here.set_axis_off()
figure.canvas.draw()
