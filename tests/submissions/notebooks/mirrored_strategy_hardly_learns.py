# A MirroredStrategy, and a learning rate that is a thousand times too small: the network was trained, and
# has hardly learned.
#
# /// label
# training = ["fail", "partial"]
#
# [cells]
# insert = {devices = "data"}
# ///

# %% devices
strategy = tf.distribute.MirroredStrategy()

# %% cnn
with strategy.scope():
    model = keras.models.Sequential()
    model.add(layers.Input(shape=(28, 28, 1)))
    model.add(layers.Conv2D(10, kernel_size=3, padding="same", activation="relu", name="conv2d"))
    model.add(layers.Conv2D(14, kernel_size=3, padding="same", activation="relu", name="conv2d_1"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(16, kernel_size=3, padding="same", activation="relu", name="conv2d_2"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(16, kernel_size=3, padding="same", activation="relu", name="conv2d_3"))
    model.add(layers.Flatten())
    model.add(layers.Dense(units=10, activation="softmax"))

# %% train
with strategy.scope():
    slow_and_safe = keras.optimizers.Adam(learning_rate=0.000002)
    model.compile(loss="categorical_crossentropy", optimizer=slow_and_safe, metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=2, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = {}

short = keras.Model(model.inputs, model.get_layer(layer_name).output)

for f in range(number_of_filters):
    dream = tf.Variable(tf.random.uniform((1, 28, 28, 1)), name="dream")
    for _ in range(gradient_updates):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(dream)
            wanted = tf.reduce_mean(short(dream), axis=(0, 1, 2))[f]
        dream.assign_add(step_size * normalize(tape.gradient(wanted, dream)))
    visualized_feature[f] = dream.numpy()[0, :, :, 0]

# %% plot
figure = plt.figure(figsize=(7, 8))
axes = figure.subplots(4, 4)
for f, dream in visualized_feature.items():
    ax = axes[divmod(f, 4)]
    ax.imshow(deprocess_image(dream.copy()), cmap="gray")
    ax.set_title(f"feature {f}", pad=3)
    ax.set_axis_off()
plt.show()
