# One step is a tf.function that gets the filter number as a tensor, so it is right for every filter. All
# filters begin with the same noise. The result is one stacked tensor. Everything right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="leaky_relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="leaky_relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="leaky_relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3"),
    layers.Dropout(0.25),
    layers.Flatten(),
    layers.Dense(10),
    layers.Softmax(),
])

# %% train
model.compile(loss="categorical_crossentropy", optimizer="nadam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
print(dict(zip(model.metrics_names, model.evaluate(x_test, y_test, verbose=0))))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

trunk = keras.Model(model.inputs, model.get_layer(layer_name).output)
canvas = tf.Variable(tf.zeros((1, 28, 28, 1)))
noise = tf.random.uniform((1, 28, 28, 1))  # one start for all of them, to compare fairly


@tf.function
def one_step(channel):
    # channel has to be a tensor! A python int would be traced 64 times
    with tf.GradientTape() as tape:
        signal = tf.reduce_mean(trunk(canvas, training=False)[:, :, :, channel])
    canvas.assign_add(step_size * normalize(tape.gradient(signal, canvas)))
    return signal


collected = []
for channel in tf.range(number_of_filters):
    canvas.assign(noise)
    for _ in range(gradient_updates):
        signal = one_step(channel)
    collected.append(tf.identity(canvas))

visualized_feature = tf.stack(collected)
print(visualized_feature.shape)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i, 0, :, :, 0].numpy()), cmap=plt.cm.gray)
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")

plt.show()
