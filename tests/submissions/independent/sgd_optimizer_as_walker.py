# Lets the SGD optimizer of Keras do the step: it subtracts learning_rate times what it is given, so it is
# given minus the normalised gradient. Exactly the update that was asked for. Everything right.
#
# /// label
# ///

# %% cnn
i = layers.Input(shape=(28, 28, 1))
o = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(i)
o = layers.MaxPooling2D()(o)
o = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(o)
o = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")(o)
o = layers.MaxPooling2D()(o)
o = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(o)
o = layers.Flatten()(o)
o = layers.Dense(10, activation="softmax")(o)
model = keras.Model(i, o)

# %% train
opt = keras.optimizers.AdamW(learning_rate=1.5e-3, weight_decay=1e-4)
model.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

net = keras.Model(model.inputs, model.get_layer(layer_name).output)
net.trainable = False

batch = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1), seed=5))
walker = keras.optimizers.SGD(learning_rate=step_size)

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        per_image_and_filter = tf.reduce_mean(net(batch), axis=[1, 2])
        loss = -tf.linalg.trace(per_image_and_filter)  # the optimizer minimises
    slope = tape.gradient(loss, batch)
    rms = tf.math.reduce_std(slope, axis=[1, 2, 3], keepdims=True) ** 2
    rms = tf.sqrt(rms + tf.reduce_mean(slope, axis=[1, 2, 3], keepdims=True) ** 2)
    walker.apply_gradients([(slope / (rms + KTF.epsilon()), batch)])
    if update % 10 == 9:
        print(update + 1, -float(loss) / number_of_filters)

visualized_feature = np.split(batch.numpy(), number_of_filters)

# %% plot
figure = plt.figure(figsize=(12, 12))

for n, feature in enumerate(visualized_feature):
    plt.subplot(8, 8, n + 1, title=f"feature {n}", xticks=[], yticks=[])
    plt.imshow(deprocess_image(feature.copy()).squeeze(), cmap="gray")

plt.tight_layout()
plt.show()
