# A cell of her own tries out a small network with two convolutions, called `tiny`. The real one is `model`,
# with four; as Keras goes on counting, its layers are conv2d_2 to conv2d_5, and that is what the ascent
# asks for. What counts is `model`.
#
# /// label
# [cells]
# insert = {first_try = "look_at_data"}
# ///

# %% first_try
# a first try, only to see how this works
tiny = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(4, 3, strides=2, activation="relu"),
    layers.Conv2D(8, 3, strides=2, activation="relu"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
tiny.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
tiny.fit(x_train, y_train, epochs=1, verbose=2)
tiny.evaluate(x_test, y_test, verbose=2)

# %% cnn
# now the real thing
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(10, 3, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu"),
    layers.Conv2D(24, 3, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
print(len(model.layers), "layers, the small one had", len(tiny.layers))
model.summary()   # careful: the names start at conv2d_2, because tiny has used up conv2d and conv2d_1

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, verbose=2)

print("tiny: ", tiny.evaluate(x_test, y_test, verbose=0)[1])
print("model:", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_5"  # see the summary above
number_of_filters = 64
visualized_feature = []

cut_off = keras.Model(model.inputs, model.get_layer(layer_name).output)

# The loop over the filters takes long, so I do 8 filters together, 8 times
for start in range(0, number_of_filters, 8):
    group = tf.Variable(tf.random.uniform((8, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = cut_off(group)
            losses = [tf.reduce_mean(maps[j, :, :, start + j]) for j in range(8)]
            loss = tf.add_n(losses)
        grads = tape.gradient(loss, group)
        grads = tf.stack([normalize(grads[j]) for j in range(8)])
        group.assign_add(step_size * grads)
    print("filters", start, "to", start + 7, "sum of activations", float(loss))
    visualized_feature.extend(group.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()), cmap="gray")
    plt.title(f"feature {i}", fontsize=9)
    plt.axis("off")
plt.tight_layout()
plt.show()
